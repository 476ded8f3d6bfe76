"""Clusters of other software, set up on this machine as root: see ``tests/cluster/schedulers``."""

import functools
import os
import re
import shutil
import subprocess
import sys

import jobs
import pytest
from pace import paced

SCRIPTS = jobs.ROOT / "tests" / "cluster" / "schedulers"
NEEDED = {
    "ssh": ("ip", "sshd", "ssh-keygen"),
    "mpi": ("mpirun",),
    "slurm": ("slurmctld", "slurmd", "munged"),
}
# MXNet's launcher asks Slurm for one node per process, and there are two nodes.
WORKERS = {"ssh": 3, "mpi": 3, "slurm": 2}
OPTIONS = {"ssh": "--host-file $HOST_FILE --host-ip $HOST_IP"}


@functools.lru_cache(maxsize=None)
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


pytestmark = [pytest.mark.posix, pytest.mark.once, pytest.mark.slow]


def command(cluster, *options):
    train = " ".join([sys.executable, "-m", "concise", *jobs.TRAIN, *options])
    return (
        f"{sys.executable} -m gluon_softmax cluster --cluster {cluster} -n {WORKERS[cluster]} "
        f"{OPTIONS.get(cluster, '')} -- {train}"
    )


def started(cluster, script):
    return subprocess.Popen(
        [str(SCRIPTS / cluster), "sh", "-c", script],
        cwd=jobs.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("cluster", [pytest.param(name, marks=needs(name)) for name in NEEDED])
def test_the_digits_of_one_process(cluster):
    process = started(cluster, command(cluster, "--epochs", "3"))
    try:
        out, err = process.communicate(timeout=paced(120))
    finally:
        process.terminate()
        process.wait(timeout=paced(20))
    # The shells that start on each host may print something.
    assert (process.returncode, jobs.error_lines(err)) == (0, [])
    assert out == jobs.single("concise", "--data-dir", str(jobs.SAMPLE), "--epochs", "3")


@needs("ssh")
@pytest.mark.parametrize(
    "harm",
    [
        # The network of the third host is cut.
        'ip -n "$3" link set eth0 down',
        # Everything that runs there is killed except sshd.
        "for pid in $(ip netns pids $3); do grep -q sshd /proc/$pid/cmdline || kill -9 $pid; done",
    ],
    ids=["cut", "killed"],
)
def test_a_host_that_stops_responding(harm, tmp_path):
    begun = tmp_path / "begun"
    script = f"""
        set -- $HOSTS
        exec 3>&2 2>/dev/null
        (until [ -e {begun} ]; do sleep 0.2; done; {harm}; date +%s) >{tmp_path}/harmed &
        exec 2>&3
        {command("ssh", *jobs.LONG)}
        echo ended $? >&2
        date +%s >{tmp_path}/ended
        # The hosts' own processes, which notice that the scheduler does not respond.
        sleep 20
        for pid in $(for host; do ip netns pids $host; done); do
            tr '\\0' ' ' </proc/$pid/cmdline | grep '^[^ ]*python -m concise'
        done 2>/dev/null >{tmp_path}/left
    """
    process = started("ssh", script)
    try:
        assert process.stdout.readline().startswith("epoch 1,")
        begun.touch()
        _, err = process.communicate(timeout=paced(100))
    finally:
        process.terminate()
        process.wait(timeout=paced(20))
    harmed, ended = (int((tmp_path / name).read_text()) for name in ("harmed", "ended"))
    assert ended - harmed <= 30
    *_, line, last = err.splitlines()
    assert last == "ended 1"
    assert re.match(r"error: (the scheduler|a \w+ on 10\.87\.0\.\d) (ended|was)", line)
    assert (tmp_path / "left").read_text() == ""
