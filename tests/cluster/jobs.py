"""Start the roles of a cluster on this machine, and return how they end."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from pace import paced

from gluon_softmax.cluster.launch import free_port

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data"
TRAIN = ("--kvstore", "dist_sync", "--data-dir", str(SAMPLE))
# Hours of training, so that it is still running when something happens to it.
LONG = ("--epochs", "9999")


def environment(port, workers=2, **more):
    names = {
        "DMLC_PS_ROOT_URI": "127.0.0.1",
        "DMLC_NODE_HOST": "127.0.0.1",
        "DMLC_PS_ROOT_PORT": port,
        "DMLC_NUM_WORKER": workers,
        "DMLC_NUM_SERVER": 1,
        # A variable by which /proc shows that a process belongs to this job.
        "TEST_JOB": f"job {port}",
        **more,
    }
    return {**os.environ, **{name: str(value) for name, value in names.items()}}


def start(argv, variables):
    return subprocess.Popen(
        [sys.executable, "-m", *argv],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def single(*argv):
    """Run one process alone; return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


class Job:
    """The roles of a cluster, one process each."""

    def __init__(self, *options, program=("concise",), workers=2, only=None, each=lambda role: ()):
        self.port = free_port()
        self.roles = ["scheduler", "server", *(f"worker {k}" for k in range(workers))]
        self.processes = {
            role: start(
                [*program, *TRAIN, *options, *each(role)],
                environment(self.port, workers, DMLC_ROLE=role.split()[0]),
            )
            for role in self.roles
            if only is None or role in only
        }

    def ended(self, seconds):
        """Wait for all; return the standard error and the exit status of each."""
        deadline = time.monotonic() + paced(seconds)
        found = {}
        for role, process in self.processes.items():
            try:
                _, errors = process.communicate(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise AssertionError(f"{role} is still there after {seconds} s") from None
            found[role] = (process.returncode, errors)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.processes.values():
            process.kill()
            with contextlib.suppress(ValueError):
                process.communicate()


def of_job(port):
    """Find the processes of a job, by number, with their roles."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if f"TEST_JOB=job {port}\0".encode() in variables and b"python" in command[0]:
                role = re.search(rb"\0DMLC_ROLE=(\w+)", variables)
                found[int(folder.name)] = role.group(1).decode() if role else None
    return found


def wait_for(what, seconds=30):
    deadline = time.monotonic() + paced(seconds)
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def error_lines(text):
    return [line for line in text.splitlines() if line.startswith("error: ")]
