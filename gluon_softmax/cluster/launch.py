"""MXNet's launcher, ``dmlc_tracker``, with an end to all that it started at the first failure.

It runs in a process of its own, so that this one can end it with all of its children.
"""

import contextlib
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import List, Optional

from ..errors import ClusterError, UsageError
from ..revival import launcher

_NAME = __name__
_PROGRAMS = {"ssh": "ssh", "mpi": "mpirun", "slurm": "srun"}
# How long processes that are asked to end may take, in seconds.
_GRACE = 3


def launch(
    cluster: str,
    num_workers: int,
    num_servers: int,
    command: List[str],
    host_file: Optional[str] = None,
    host_ip: Optional[str] = None,
) -> int:
    """Start a command once for each role, and wait for all.

    Parameters
    ----------
    cluster : {"local", "ssh", "mpi", "slurm"}
        What starts the processes.
    num_workers, num_servers : int
        How many of each; there is one scheduler, here.
    command : list of str
        The command and its arguments.
    host_file : str, optional
        Where the hosts are listed, one a line, for ``ssh`` and ``mpi``.
    host_ip : str, optional
        This machine's address, at which the others reach the scheduler; for ``local`` it is
        127.0.0.1.

    Returns
    -------
    int
        0; or 1, or 2 for bad usage, if a process failed: that has been told then, and all others on
        this machine are ended.

    Raises
    ------
    UsageError
        If hosts are missing, or a word of the command cannot be handed on.
    ModuleNotFoundError
        If MXNet, of which the launcher is a part, is not installed.
    ClusterError
        If the launcher was killed.
    """
    if cluster == "ssh" and host_file is None:
        raise UsageError("--cluster ssh: --host-file FILE must list the hosts, one a line")
    if host_file is not None:
        _check_hosts(Path(host_file))
    program = _PROGRAMS.get(cluster)
    if program is not None and shutil.which(program) is None:
        raise UsageError(f"--cluster {cluster}: there is no {program} on the PATH")
    if find_spec(launcher.NAME) is None:
        raise ModuleNotFoundError(name="mxnet")
    words = [_quoted(word, cluster) for word in launcher.with_interpreter(command)]
    variables = {"DMLC_PS_ROOT_PORT": str(free_port())}
    if cluster == "local":
        # Nobody else is to reach it.
        variables.update(DMLC_PS_ROOT_URI="127.0.0.1", DMLC_NODE_HOST="127.0.0.1")
    elif host_ip is not None:
        variables["DMLC_PS_ROOT_URI"] = host_ip
    options = ["--cluster", cluster, f"--num-workers={num_workers}", f"--num-servers={num_servers}"]
    if host_file is not None:
        options.append(f"--host-file={host_file}")
    process = subprocess.Popen(
        [sys.executable, "-m", _NAME, json.dumps([cluster, options, words, os.getpid()])],
        env={**os.environ, **variables},
        # A group of its own, which can be ended as a whole.
        start_new_session=True,
    )
    before = signal.signal(signal.SIGHUP, lambda signum, frame: sys.exit(128 + signum))
    try:
        status = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    finally:
        _end(process)
        signal.signal(signal.SIGHUP, before)
    if status < 0:
        raise ClusterError(f"the launcher was killed by signal {-status}; all are ended")
    return status


def _end(process: subprocess.Popen) -> None:
    """Wait for the last processes of a group that were asked to end, but not for long."""
    group = process.pid
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            deadline = time.monotonic() + _GRACE
            while time.monotonic() < deadline:
                # The first of the group counts as there until somebody asks for its status.
                process.poll()
                os.killpg(group, 0)
                time.sleep(0.05)
        finally:
            # Also if somebody cannot wait.
            os.killpg(group, signal.SIGKILL)


def _check_hosts(path: Path) -> None:
    try:
        hosts = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise UsageError(f"--host-file {path}: cannot be read ({reason})") from error
    if not hosts:
        raise UsageError(f"--host-file {path}: lists no host")


def _quoted(word: str, cluster: str) -> str:
    # MXNet makes a line for the shell of all words, and for ssh puts that in single quotes.
    if "\n" in word or (cluster == "ssh" and "'" in word):
        raise UsageError(f"{word!r}: cannot be handed on to --cluster {cluster}")
    return re.sub(r"([^\w./=:,+@%-])", r"\\\1", word) or "''"


def free_port() -> int:
    """Find a port for a scheduler, which the system gives to nobody else until that listens."""
    draw = random.SystemRandom()
    while True:
        # Below the range from which it gives ports on its own.
        port = draw.randrange(20_000, 32_768)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("", port))
            return port


def _main(cluster: str, options: List[str], words: List[str], parent: int) -> int:
    """Submit the job, in the process that is MXNet's launcher, and wait for its threads."""
    submit = launcher.load()[cluster]
    arguments = launcher.options([*options, "command"])
    arguments.command = words
    # Each process has a thread, which raises when that fails; the first one is the cause.
    failures: queue.SimpleQueue = queue.SimpleQueue()
    threading.excepthook = lambda raised: failures.put(raised.exc_value)
    submitting = threading.Thread(target=submit, args=(arguments,), daemon=True)
    submitting.start()
    status = 1
    # If the parent was killed, nobody else ends what is here.
    while os.getppid() == parent:
        with contextlib.suppress(queue.Empty):
            told = _told(failures.get(timeout=0.05))
            print(f"error: {told}; all are ended", file=sys.stderr)
            status = 2 if told.endswith("status 2") else 1
            break
        threads = threading.enumerate()
        if failures.empty() and not any(
            thread is submitting or launcher.is_its(thread) for thread in threads
        ):
            return 0
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    if os.getppid() != parent:
        time.sleep(_GRACE)
        os.killpg(0, signal.SIGKILL)
    sys.stderr.flush()
    # Now, as the threads wait for what they started.
    os._exit(status)


def _told(error: BaseException) -> str:
    """Say which process failed, of what a thread of MXNet's launcher raised."""
    text = str(error)
    status = re.search(r"(?:code=|status |died with <.*: )(-?\d+)", text)
    if status is None:
        return f"the launcher failed: {text.splitlines()[0] if text else type(error).__name__}"
    role = re.search(r"DMLC_ROLE\W+(\w+)", text)
    host = re.search(r"DMLC_NODE_HOST\W+([\w.-]+)", text)
    # By no number: MXNet's launcher has others than its workers have.
    which = f"a {role.group(1)}" if role else "the scheduler"
    if role and host and text.startswith("Command 'ssh "):
        which += f" on {host.group(1)}"
    number = int(status.group(1))
    how = f"ended with status {number}"
    if number < 0 or "died with" in text or 128 < number < 160:
        # A shell adds 128.
        how = f"was killed by signal {abs(number) % 128}"
    return f"{which} {how}"


if __name__ == "__main__":
    sys.exit(_main(*json.loads(sys.argv[1])))
