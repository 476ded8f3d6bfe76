"""Clusters that are not ours, set up on this machine as root: see ``tests/clusters``."""

import os
import re
import shutil
import subprocess
import sys
import time

import jobs
import pytest

SCRIPTS = jobs.ROOT / "tests" / "clusters"
NEEDED = {
    "ssh": ("ip", "sshd", "ssh-keygen"),
    "mpi": ("mpirun",),
    "slurm": ("slurmctld", "slurmd", "munged"),
}
OPTIONS = {"ssh": "--host-file $HOST_FILE --host-ip $HOST_IP"}


def lacks(cluster):
    missing = [name for name in NEEDED[cluster] if shutil.which(name) is None]
    if os.name == "nt" or os.geteuid():
        return "needs root"
    if cluster == "ssh" and not missing:
        name = f"gsp{os.getpid()}"
        probe = (
            f"ip netns add {name} && ip link add {name} type bridge && ip link del {name} && "
            f"ip link add {name} type veth peer name eth0 netns {name}; s=$?; ip netns del {name}"
        )
        if subprocess.run(["sh", "-c", f"{probe}; exit $s"], check=False).returncode:
            return "may make no network namespaces, bridges or pairs of devices"
    return f"lacks {', '.join(missing)}" if missing else ""


def needs(cluster):
    return pytest.mark.skipif(bool(lacks(cluster)), reason=f"{cluster} {lacks(cluster)}")


pytestmark = [pytest.mark.posix, pytest.mark.once]


def command(cluster, *options, workers=3):
    train = " ".join([sys.executable, "-m", "concise", *jobs.TRAIN, *options])
    return (
        f"{sys.executable} -m gluon_softmax cluster --cluster {cluster} -n {workers} "
        f"{OPTIONS.get(cluster, '')} -- {train}"
    )


def run(cluster, script, seconds=120):
    port = jobs.free_port()
    process = subprocess.Popen(
        [str(SCRIPTS / cluster), "sh", "-c", script],
        cwd=jobs.ROOT,
        env={**os.environ, "TEST_JOB": f"job {port}", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise
    assert jobs.of_job(port) == {}
    return process.returncode, out, err


@pytest.mark.parametrize("cluster", [pytest.param(name, marks=needs(name)) for name in NEEDED])
def test_the_digits_of_one_process(cluster):
    status, out, err = run(cluster, command(cluster, "--epochs", "3"))
    assert (status, err) == (0, "")
    alone = [sys.executable, "-m", "concise", "--data-dir", str(jobs.SAMPLE), "--epochs", "3"]
    assert (
        out
        == subprocess.run(alone, cwd=jobs.ROOT, capture_output=True, text=True, check=True).stdout
    )


@needs("ssh")
@pytest.mark.fault
@pytest.mark.parametrize(
    "harm",
    [
        # The network of the third host is cut.
        'set -- $HOSTS; ip -n "$3" link set eth0 down',
        # What runs there is killed, but for its sshd.
        'set -- $HOSTS; ip netns pids "$3" | while read pid; do grep -q sshd /proc/$pid/cmdline '
        "|| kill -9 $pid; done",
    ],
    ids=["cut", "killed"],
)
def test_a_host_that_is_gone(harm):
    start = time.monotonic()
    _, out, err = run(
        "ssh",
        f"{{ {command('ssh', *jobs.LONG)}; echo ended $? >&2; }} & sleep 12; {harm}; "
        "date +%s >&2; wait; date +%s >&2; sleep 12; for host in $HOSTS; do ip netns pids $host; "
        "done | while read pid; do tr '\\0' ' ' < /proc/$pid/cmdline; echo; done | "
        "grep '[d]ist_sync' | grep -v gluon_softmax.cluster | grep -v 'sh -c' >&2; true",
        seconds=110,
    )
    assert time.monotonic() - start < 110
    assert out.startswith("epoch 1,")
    harmed, *lines, done = err.strip().splitlines()
    assert int(done) - int(harmed) <= 30
    assert lines[-1] == "ended 1", err
    assert re.match(
        r"error: (the scheduler|(worker|server) on 10\.87\.0\.\d) (ended|was)", lines[-2]
    )
