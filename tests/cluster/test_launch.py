import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

import jobs
import numpy as np
import psutil
import pytest
from pace import paced

from gluon_softmax.cluster import launch as launching
from gluon_softmax.commands import main as cli
from gluon_softmax.errors import UsageError

pytestmark = [pytest.mark.posix, pytest.mark.once, pytest.mark.slow]


def started(*argv, workers=2):
    port = jobs.free_port()
    process = jobs.start(
        ["gluon_softmax", "cluster", "-n", str(workers), "--", sys.executable, "-m", *argv],
        {**os.environ, "TEST_JOB": f"job {port}"},
    )
    return port, process


def run(*argv, **options):
    port, process = started(*argv, **options)
    try:
        out, err = process.communicate(timeout=paced(120))
    finally:
        process.kill()
    assert jobs.of_job(port) == {}
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("implementation", "workers"), [("concise", 2), ("scratch", 2), ("scratch", 3)]
)
def test_the_digits_of_one_process(implementation, workers, tmp_path):
    # The last batch has four examples: of three workers, the first gets two.
    options = ["--batch-size", "332", "--seed", "4"]
    files = [tmp_path / name for name in ("cluster.npz", "single.npz")]
    status, out, err = run(
        implementation, *jobs.TRAIN, *options, "--save", str(files[0]), workers=workers
    )
    assert (status, err) == (0, "")
    alone = jobs.single(
        implementation, "--data-dir", str(jobs.SAMPLE), *options, "--save", str(files[1])
    )
    assert out.replace("cluster.npz", "") == alone.replace("single.npz", "")
    assert len(re.findall("^epoch", out, re.MULTILINE)) == 5
    ours, expected = (np.load(file) for file in files)
    for name in ("W", "b"):
        assert np.abs(ours[name] - expected[name]).max() <= 1e-4
        assert np.abs(ours[name]).max() > 1e-3


def test_more_workers_than_examples_in_the_last_batch_are_one_line():
    status, out, err = run("scratch", *jobs.TRAIN, "--batch-size", "333")
    assert (status, out) == (2, "")
    assert err.splitlines()[0] == (
        "error: 2 workers need 2 examples in each batch, but the last batch of an epoch has 1: "
        "choose fewer workers or another batch size"
    )


def test_several_devices_on_several_machines():
    status, out, err = run("scratch", *jobs.TRAIN, "--ctx", "cpu:0,cpu:1", "--epochs", "2")
    assert (status, err) == (0, "")
    assert out == jobs.single("scratch", "--data-dir", str(jobs.SAMPLE), "--epochs", "2")


def test_the_tutorials_data_loader():
    options = ["--loader", "per-sample", "--num-workers", "2", "--epochs", "1"]
    status, out, err = run("concise", *jobs.TRAIN, *options)
    assert (status, err) == (0, "")
    assert out == jobs.single("concise", "--data-dir", str(jobs.SAMPLE), *options)


@pytest.mark.parametrize("implementation", ["concise", "scratch"])
def test_a_store_is_not_queried_while_it_is_freed(implementation):
    # MXNet would read freed memory; with two checks a second, one run in hundreds fails.
    odd = ["tests.cluster.odd_worker", "looks-all-the-time", implementation]
    status, out, err = run(*odd, *jobs.TRAIN, "--epochs", "1", workers=3)
    assert (status, err) == (0, "")
    assert out.startswith("epoch 1,")


@contextlib.contextmanager
def at_work(*options):
    """Start hours of training on a cluster; yield port and launcher after the first epoch."""
    port, process = started("concise", *jobs.TRAIN, *jobs.LONG, *options)
    with process:
        try:
            assert process.stdout.readline().startswith("epoch 1,")
            yield port, process
        finally:
            process.kill()


def listening():
    """Find the addresses at which TCP sockets listen, by inode."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            for line in list(lines)[1:]:
                words = line.split()
                if words[3] == "0A":
                    found[f"socket:[{words[9]}]"] = words[1].split(":")[0]
    return found


def test_nobody_else_can_reach_it():
    with at_work() as (port, process):
        sockets = {
            os.readlink(f"/proc/{number}/fd/{fd}")
            for number in jobs.of_job(port)
            for fd in os.listdir(f"/proc/{number}/fd")
        }
        addresses = [address for inode, address in listening().items() if inode in sockets]
        assert len(addresses) == 4
        assert set(addresses) == {"0100007F"}
        process.terminate()
        process.communicate(timeout=paced(20))


@pytest.mark.parametrize("role", ["worker", "server", "scheduler"])
def test_a_process_that_is_killed(role, tmp_path):
    with at_work("--save", str(tmp_path / "saved.npz")) as (port, process):
        numbers = [number for number, its in jobs.of_job(port).items() if its == role]
        assert len(numbers) == (2 if role == "worker" else 1)
        start = time.monotonic()
        os.kill(numbers[-1], signal.SIGKILL)
        _, err = process.communicate(timeout=paced(30))
        assert time.monotonic() - start < paced(30)
        which = {"worker": "a worker", "server": "a server", "scheduler": "the scheduler"}
        # An array that a signal interrupted prints a message of its own.
        expected = f"error: {which[role]} was killed by signal 9; all other processes are stopped"
        assert jobs.error_lines(err) == [expected]
        assert process.returncode == 1
        assert jobs.of_job(port) == {}
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all(signum):
    with at_work() as (port, process):
        process.send_signal(signum)
        _, err = process.communicate(timeout=paced(10))
        assert ("interrupted" in err) == (signum == signal.SIGINT)
        assert jobs.error_lines(err) == []
        assert process.returncode == 128 + signum
        assert jobs.of_job(port) == {}


@pytest.mark.parametrize("name", ["SIGHUP", "SIGKILL"])
def test_a_launcher_that_was_killed(name):
    with at_work() as (port, process):
        process.send_signal(getattr(signal, name))
        process.wait(timeout=paced(10))
        jobs.wait_for(lambda: not jobs.of_job(port), 10)


def test_a_launcher_that_ends_at_once():
    port, process = started("concise", *jobs.TRAIN, *jobs.LONG)
    with process:
        # MXNet's own process is its child, which has not started yet.
        launcher = psutil.Process(process.pid)
        deadline = time.monotonic() + paced(30)
        while not (children := launcher.children()) and time.monotonic() < deadline:
            pass
        process.kill()
        # While it starts, a process has no environment, and of_job does not find it.
        (child,) = children
        # Read here: without a reader, writing would end them.
        jobs.wait_for(lambda: has_ended(child), 15)
        jobs.wait_for(lambda: not jobs.of_job(port), 15)


def has_ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_second_ctrl_c_ends_at_once():
    with at_work() as (port, process):
        numbers = [number for number, role in jobs.of_job(port).items() if role == "worker"]
        os.kill(numbers[0], signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=paced(10))
        jobs.wait_for(lambda: not jobs.of_job(port), 10)


def test_bad_usage_of_the_command():
    status, out, err = run("concise", *jobs.TRAIN, "--epohcs", "3")
    assert (status, out) == (2, "")
    assert all(line.startswith("error: ") for line in err.splitlines())
    assert "did you mean '--epochs'?" in err


def test_all_words_after_the_dashes_are_the_commands():
    # In one piece, as several processes write at once.
    script = "import sys; sys.stdout.write(str(sys.argv[1:]) + chr(10))"
    argv = ["-c", script, "--debug", "--", "-n"]
    process = jobs.start(
        ["gluon_softmax", "cluster", "--", sys.executable, *argv], dict(os.environ)
    )
    out, _ = process.communicate(timeout=paced(60))
    assert set(out.splitlines()) == {"['--debug', '--', '-n']"}


@pytest.mark.parametrize(
    "program",
    [["concise"], ["tests.cluster.odd_worker", "rests-when-it-is-the-first", "scratch"]],
    ids=["as-it-is", "and-the-first-worker-ends-late"],
)
def test_a_loss_that_is_not_finite_is_reported_once(program):
    status, out, err = run(*program, *jobs.TRAIN, "--lr", "1e38")
    assert (status, out) == (1, "")
    lines = jobs.error_lines(err)
    assert len(lines) == 2
    assert lines[0].startswith("error: training diverged in epoch 1: ")
    assert lines[1] == "error: a worker ended with status 1; all other processes are stopped"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "no command to start; write it after --"),
        (["--"], "no command to start; write it after --"),
        (["--cluster", "yarn", "--", "true"], "invalid choice: 'yarn'"),
        (["--cluster", "ssh", "--", "true"], "list the hosts, one per line, in --host-file"),
        (
            ["--cluster", "ssh", "--host-file", "/none", "--", "true"],
            "/none: cannot be read (No",
        ),
        (["--cluster", "ssh", "--host-file", "/dev/null", "--", "true"], "lists no host"),
        (
            ["--cluster", "ssh", "--host-file", sys.executable, "--", "true"],
            "read (not UTF-8 text)",
        ),
        (["-n", "0", "--", "true"], "0 is out of range"),
        (["-s", "0", "--", "true"], "0 is out of range"),
        (["--num-worker", "2", "--", "true"], "did you mean '--num-workers'?"),
    ],
)
def test_bad_usage(argv, words, capsys):
    assert cli.main(["cluster", *argv]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_port_that_the_system_gives_to_nobody():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as bounds:
        given = range(int(bounds.read().split()[0]), 2**16)
    if given.start < 32_768:
        pytest.skip("this system gives any")
    ports = {launching.free_port() for _ in range(20)}
    assert len(ports) > 10
    assert ports.isdisjoint(given)


def test_a_port_in_use_is_not_chosen(monkeypatch):
    with socket.socket() as used:
        port = launching.free_port()
        used.bind(("127.0.0.1", port))
        drawn = iter([port, 20_001, 20_003, 20_005])
        monkeypatch.setattr(launching.random.SystemRandom, "randrange", lambda *_: next(drawn))
        assert launching.free_port() in (20_001, 20_003, 20_005)


def test_words_arrive_as_they_are(tmp_path):
    words = ["a b", "c'd", 'e"f', "$HOME", "*", "", "é", "g\\h", "i;j", "--x=y"]
    script = "import sys; open(sys.argv[1], 'a').write(repr(sys.argv[2:]) + '\\n')"
    quoted = [launching._quoted(word, "local") for word in [script, str(tmp_path / "w"), *words]]
    subprocess.run(["bash", "-c", " ".join([sys.executable, "-c", *quoted])], check=True)
    assert (tmp_path / "w").read_text("utf-8") == repr(words) + "\n"


@pytest.mark.parametrize(("word", "cluster"), [("a\nb", "local"), ("a'b", "ssh")])
def test_words_that_cannot_be_passed_on(word, cluster):
    with pytest.raises(UsageError, match=f"--cluster {cluster} cannot pass on a line break"):
        launching._quoted(word, cluster)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Get nonzero return code=-9 on ['x'] {'DMLC_NUM_WORKER': '2', 'DMLC_TASK_ID': '2', "
            "'DMLC_ROLE': 'server'}",
            "a server was killed by signal 9",
        ),
        (
            "Get nonzero return code=137 on ['x'] {'DMLC_NUM_WORKER': '2', 'DMLC_TASK_ID': '1', "
            "'DMLC_ROLE': 'worker'}",
            "a worker was killed by signal 9",
        ),
        (
            "Command 'ssh h -p 22 'export DMLC_NUM_WORKER=2; export DMLC_ROLE=worker; export "
            "DMLC_NODE_HOST=10.0.0.2; cd /; x'' returned non-zero exit status 255.",
            "a worker on 10.0.0.2 ended with status 255",
        ),
        (
            "Get nonzero return code=3 on ['x'] {'DMLC_NODE_HOST': '127.0.0.1', 'DMLC_ROLE': "
            "'worker', 'SSH_AUTH_SOCK': '/tmp/ssh-1'}",
            "a worker ended with status 3",
        ),
        ("Command 'x' returned non-zero exit status 1.", "the scheduler ended with status 1"),
        ("Command 'x' died with <Signals.SIGKILL: 9>.", "the scheduler was killed by signal 9"),
        ("Unknown MPI Version", "the launcher failed: Unknown MPI Version"),
    ],
)
def test_which_process_failed(text, expected):
    assert launching._failure(RuntimeError(text)) == expected
