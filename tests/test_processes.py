"""Ctrl-C, SIGTERM and killed workers, in real processes."""

import contextlib
import multiprocessing
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pace import paced
from program import can_mount, shared_memory
from server import serve

HERE = Path(__file__).parent
pytestmark = [pytest.mark.posix, pytest.mark.slow]
# No program can handle these signals; Windows has neither.
UNNOTICED = [getattr(signal, name, None) for name in ("SIGKILL", "SIGSTOP")]
BOTH = pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])

ENDLESS = ["--data-dir", str(HERE / "data"), "--epochs", "10000"]
# A download that hangs: an edition whose only source is a server that does not answer.
FETCH = """
import sys
sys.path.insert(0, sys.argv[1])
from server import checksums
from gluon_softmax.commands import main
from gluon_softmax.data import editions
source = editions.Source("a server", "url", sys.argv[2], checksums("md5"))
slow = editions.Edition("official", "slow", "", checksums("sha256", True), (source,))
editions.EDITIONS["official"] = slow
print("started", flush=True)
sys.exit(main.main(["data", "--edition", "official"]))
"""
# A report that never ends, after a run that did.
REPORT = """
import sys, time
from gluon_softmax.commands import main
from gluon_softmax.reproduction import report_plots
def draw(*_, **__):
    print("drawing", flush=True)
    time.sleep(60)
report_plots.draw_images = draw
sys.exit(main.main(["reproduce", "--data-dir", sys.argv[1], "--runs=1", "--no-reading",
                   "--out", sys.argv[2]]))
"""
# A training that spends much time in __del__ of arrays, where Python ignores exceptions.
DYING = """
import sys, time
from gluon_softmax.commands import main
from gluon_softmax.interruption import end_if_asked
from gluon_softmax.training import run
class Array:
    def __del__(self):
        print("dying", flush=True)
        time.sleep(0.2)
def train_run(*_, **__):
    while True:
        Array()
        # The check before each batch.
        end_if_asked()
run.train_run = train_run
sys.exit(main.main_implementation("scratch", sys.argv[1:]))
"""
# Worker processes that start slowly, in hooks where Python ignores exceptions.
STARTING = """
import multiprocessing, os, sys, time
multiprocessing.set_start_method("fork")
from gluon_softmax.commands import main
Process = multiprocessing.Process
def announced(*args, **kwargs):
    print("starting", flush=True)
    return Process(*args, **kwargs)
multiprocessing.Process = announced
os.register_at_fork(after_in_parent=lambda: time.sleep(float(os.environ["STARTS_FOR"])))
sys.exit(main.main_implementation("scratch", sys.argv[1:]))
"""
# Worker processes that send each batch slowly.
SLOW = """
import multiprocessing, os, sys, time
# Forked, so that changes made here hold in them, too.
multiprocessing.set_start_method("fork")
from gluon_softmax.commands import main
from gluon_softmax.training import loader_workers
write = loader_workers._write
def slow_write(message, stream):
    if message is not None and len(message) == 2:
        os.write(1, b"handing over\\n")
        time.sleep(0.1)
    write(message, stream)
loader_workers._write = slow_write
sys.exit(main.main_implementation("scratch", sys.argv[1:]))
"""


@contextlib.contextmanager
def started(*argv, sign, env=None):
    """Start a program in a process group of its own, and wait until it prints ``sign``."""
    with subprocess.Popen(
        [sys.executable, *argv],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **(env or {})},
    ) as process:
        try:
            for line in process.stdout:
                if sign in line.decode():
                    break
            else:
                pytest.fail(process.stderr.read().decode())
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def assert_ends(process, signum, to_group, before):
    limit = paced(2)
    start = time.monotonic()
    (os.killpg if to_group else os.kill)(process.pid, signum)
    _, error = process.communicate(timeout=10 * limit)
    assert time.monotonic() - start < limit
    assert process.returncode == 128 + signum
    assert b"Traceback" not in error
    assert b"Exception ignored" not in error
    assert_nothing_left(process.pid, before)


def assert_nothing_left(group, before):
    """Wait until the group is empty; a killed process disappears a moment later."""
    for _ in range(20):
        left = running(group) | (shared_memory() - before)
        if not left:
            return
        time.sleep(0.1)
    pytest.fail(f"left: {left}")


def running(group):
    """Return the processes of a group that have not ended, without zombies."""
    if not os.path.isdir("/proc/self"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, 0)
            return {"a process"}
        return set()
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = path.read_text().rsplit(")", 1)[1].split()[:3]
            if int(of_group) == group and state != "Z":
                found.add(path.parent.name)
    return found


@BOTH
# By `kill`, and by Ctrl-C in a terminal, which reaches all processes.
@pytest.mark.parametrize("to_group", [False, True])
@pytest.mark.parametrize("loader", ["resident", "per-sample"])
def test_in_training(signum, to_group, loader):
    before = shared_memory()
    workers = ["--num-workers", "3"] if loader == "per-sample" else []
    argv = ["-m", "scratch", *ENDLESS, "--loader", loader, *workers]
    with started(*argv, sign="epoch 2") as process:
        assert_ends(process, signum, to_group, before)


@BOTH
def test_while_an_array_ends(signum):
    with started("-c", DYING, *ENDLESS[:2], sign="dying") as process:
        assert_ends(process, signum, False, shared_memory())


@BOTH
@pytest.mark.parametrize("to_group", [False, True])
def test_while_a_worker_hands_over_a_batch(signum, to_group):
    before = shared_memory()
    argv = ["-c", SLOW, *ENDLESS, "--loader=per-sample", "--num-workers=2"]
    with started(*argv, sign="handing over") as process:
        assert_ends(process, signum, to_group, before)


# The moment when half of the processes exist. MXNet itself ignores Ctrl-C there.
@pytest.mark.parametrize(
    ("starts_for", "delay"),
    [(0, delay) for delay in (0, 0.005, 0.01, 0.015, 0.02, 0.03)] + [(0.1, 0)],
)
def test_while_workers_start(starts_for, delay):
    before = shared_memory()
    argv = ["-c", STARTING, *ENDLESS, "--loader=per-sample", "--num-workers=8"]
    with started(*argv, sign="starting", env={"STARTS_FOR": str(starts_for)}) as process:
        time.sleep(delay)
        assert_ends(process, signal.SIGTERM, True, before)


@BOTH
def test_in_a_download(signum, tmp_path):
    before = shared_memory()
    with serve() as server:
        argv = ["-c", FETCH, str(HERE), server.source("hang").location]
        with started(*argv, sign="started", env={"MXNET_HOME": str(tmp_path)}) as process:
            while not server.asked:
                time.sleep(0.05)
            assert_ends(process, signum, True, before)
    assert list(tmp_path.rglob(".fetch-*")) == []


@BOTH
def test_in_the_report(signum, tmp_path):
    before = shared_memory()
    out = tmp_path / "report"
    with started("-c", REPORT, str(HERE / "data"), str(out), sign="drawing") as process:
        assert_ends(process, signum, True, before)
    assert [path.name for path in out.iterdir()] == ["results.json"]


needs_proc = pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="finds the workers in /proc"
)
MANY_JOBS = ["-m", "gluon_softmax", "reproduce", "--data-dir", str(HERE / "data"), "--runs=1000"]
MANY_JOBS += ["--no-reading", "--jobs=2", "--out"]


@BOTH
@pytest.mark.parametrize(("sign", "to_group"), [("Part 2", False), ("run   4", True)])
def test_while_runs_are_made_in_several_processes(sign, to_group, signum, tmp_path):
    """While they start, and later."""
    before = shared_memory()
    with started(*MANY_JOBS, str(tmp_path), sign=sign) as process:
        (os.killpg if to_group else os.kill)(process.pid, signum)
        out, error = process.communicate(timeout=paced(30))
        assert process.returncode == 128 + signum
        assert_nothing_left(process.pid, before)
    assert b"Traceback" not in error
    assert b"resource_tracker" not in error
    if signum == signal.SIGINT and sign != "Part 2":
        assert b"Interrupted: this is what the finished runs show." in out
        assert "This report is partial" in (tmp_path / "index.html").read_text("utf-8")


@needs_proc
def test_training_processes_end_when_their_program_is_killed(tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    out, env = str(tmp_path / "out"), {"TMPDIR": str(temporary)}
    with started(*MANY_JOBS, out, sign="run   4", env=env) as process:
        assert len(workers_of(process)) == 2
        process.kill()
        process.communicate(timeout=paced(20))
        assert_nothing_left(process.pid, shared_memory())
    assert list(temporary.iterdir()) == []


def test_streams_that_are_closed_are_closed_for_training_processes_too(tmp_path):
    words = [sys.executable, *MANY_JOBS[:-3], "--runs=2", *MANY_JOBS[-3:], str(tmp_path / "out")]
    done = subprocess.run(
        f"{shlex.join(words)} <&- 2>&- >{tmp_path}/printed", shell=True, cwd=HERE.parent
    )
    assert done.returncode == 0
    assert "run   2 of 2" in (tmp_path / "printed").read_text("utf-8")


# Python imports this module first. It sends Ctrl-C before a given import.
SITE = """
import os, signal, sys
class Sends:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["CTRL_C_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Sends())
"""


@pytest.mark.parametrize("program", ["gluon_softmax", "scratch", "concise", "benchmarks"])
@pytest.mark.parametrize(
    "module",
    ["gluon_softmax.commands.main", "numpy.linalg", "gluon_softmax.commands.train", "gzip"],
)
def test_ctrl_c_while_importing(program, module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SITE)
    done = subprocess.run(
        [sys.executable, "-m", program, "--help"],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "CTRL_C_AT": module},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"\ninterrupted\n")


# A benchmark whose only contender has worker processes and does not end.
BENCHMARK = """
import sys
from benchmarks import __main__, benchmark, rounds
from gluon_softmax.commands import main
rounds.CONTENDERS = "contenders"
benchmark.load = lambda edition: None
benchmark.CONTENDERS = (rounds.Contender("one", "endless"),)
sys.exit(main.guarded(__main__.run, ["--out", sys.argv[1]]))
"""
CONTENDER = """
import os, sys, time
from multiprocessing import get_context
from pathlib import Path
if __name__ == "__main__":
    workers = [get_context("fork").Process(target=time.sleep, args=(600,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    Path(os.environ["SIGN"]).write_text(str(os.getpid()))
    time.sleep(600)
"""


@BOTH
def test_in_the_benchmark(signum, tmp_path):
    before = shared_memory()
    package = tmp_path / "contenders"
    package.mkdir()
    (package / "endless.py").write_text(CONTENDER)
    sign = tmp_path / "sign"
    argv = ["-c", BENCHMARK, str(tmp_path)]
    env = {"SIGN": str(sign), "PYTHONPATH": str(tmp_path)}
    with started(*argv, sign="python 3", env=env) as process:
        while not (sign.exists() and sign.read_text()):
            time.sleep(0.05)
        group = int(sign.read_text())
        assert len(running(group)) == 4
        assert_ends(process, signum, False, before)
        assert_nothing_left(group, before)


def workers_of(process):
    """List the worker processes: those that do not wait for a task, first."""
    found, server = {}, None
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent, group = map(int, path.read_text().rsplit(")", 1)[1].split()[1:3])
            command = path.with_name("cmdline").read_bytes()
            if group != process.pid or b"resource_tracker" in command:
                continue
            found[int(path.parent.name)] = parent
            if b"multiprocessing.forkserver" in command and parent == process.pid:
                # Then the workers are its children, as by default since Python 3.14.
                server = int(path.parent.name)
    return sorted(pid for pid, parent in found.items() if parent == (server or process.pid))


# A worker process that is not forked imports MXNet first, which takes a while under load.
PATIENCE = 3 if multiprocessing.get_all_start_methods()[0] == "fork" else 20
SHORT = """
import sys
from gluon_softmax.commands import main
from gluon_softmax.training import loader_workers
loader_workers.PATIENCE = int(sys.argv.pop(1))
sys.exit(main.main_implementation("concise", sys.argv[1:]))
"""


@needs_proc
@pytest.mark.parametrize("signum", UNNOTICED)
@pytest.mark.parametrize("which", [slice(0, 1), slice(3, 4), slice(0, 4)])
def test_a_worker_that_is_killed_or_stands_still_is_an_error(which, signum):
    before = shared_memory()
    patience = round(paced(PATIENCE))
    limit = paced(2) if signum == signal.SIGKILL else patience + paced(3)
    argv = ["-c", SHORT, str(patience), *ENDLESS, "--loader=per-sample", "--num-workers=2"]
    with started(*argv, sign="epoch 2") as process:
        workers = workers_of(process)
        # Of the training set and of the test set.
        assert len(workers) == 4
        start = time.monotonic()
        for pid in workers[which]:
            # The end of the first may have ended all.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
        _, error = process.communicate(timeout=limit + 60)
        assert time.monotonic() - start < limit
        assert process.returncode == 1
        words = "error: a loader worker ended unexpectedly"
        if signum == signal.SIGSTOP:
            words = f"error: a loader worker made no batch within {patience} s"
        assert error.decode().startswith(words)
        assert error.count(b"\n") == 1
        assert_nothing_left(process.pid, before)


@needs_proc
def test_workers_end_when_their_program_is_killed():
    argv = ["-m", "scratch", *ENDLESS, "--loader=per-sample", "--num-workers=3"]
    with started(*argv, sign="epoch 1") as process:
        assert len(workers_of(process)) == 6
        process.kill()
        _, error = process.communicate(timeout=paced(20))
        # Python's resource tracker of a forkserver may print a line about a sudden end.
        assert error == b"" or (PATIENCE > 3 and b"resource_tracker" in error)
        assert_nothing_left(process.pid, shared_memory())


@pytest.mark.skipif(not can_mount(), reason="may not make a mount namespace")
def test_shared_memory_is_not_needed():
    mount = "mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "
    command = ["unshare", "-m", "sh", "-c", mount + '"$@"', "sh", sys.executable, "-m", "concise"]
    done = subprocess.run(
        [*command, *ENDLESS[:2], "--epochs=2", "--loader=per-sample", "--num-workers=2"],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=paced(100),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"epoch") == 2


SPAWN = """
import multiprocessing, sys
from gluon_softmax.commands import main
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    sys.exit(main.main_implementation("concise", sys.argv[2:]))
"""


def test_start_methods_give_the_same(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(SPAWN)
    argv = [*ENDLESS[:2], "--epochs=1"]
    per_sample = ["--loader=per-sample", "--num-workers=1"]
    methods = multiprocessing.get_all_start_methods()
    printed = [
        subprocess.run(
            [sys.executable, str(program), method, *argv, *loader],
            cwd=HERE.parent,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            stdout=subprocess.PIPE,
            timeout=paced(120),
            check=True,
        ).stdout
        for method, loader in [("spawn", []), *((method, per_sample) for method in methods)]
    ]
    assert printed[0].startswith(b"epoch 1, loss")
    assert printed == printed[:1] * len(printed)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_worker_that_cannot_start_is_an_error(method, tmp_path):
    program = tmp_path / "program.py"
    # A worker imports the script again, and fails there.
    fails = "if __name__ != '__main__':\n    raise SystemExit(1)\n"
    program.write_text(fails + SPAWN)
    argv = [*ENDLESS[:2], "--epochs=1", "--num-workers=2", "--loader=per-sample"]
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(program), method, *argv],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=paced(60),
        check=False,
    )
    assert time.monotonic() - start < paced(20)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(b"error: a loader worker could not start")
