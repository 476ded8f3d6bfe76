"""MXNet's launcher, ``dmlc_tracker``, extended: the first failure ends all processes.

The launcher runs in a separate process, so that this one can end it with all its children.
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

from ..compat import distributed
from ..errors import ClusterError, UsageError

_PROGRAMS = {"ssh": "ssh", "mpi": "mpirun", "slurm": "srun"}
# Time limit, in seconds, for processes to end after SIGTERM.
_GRACE = 3


def launch(
    cluster: str,
    num_workers: int,
    num_servers: int,
    command: List[str],
    host_file: Optional[str] = None,
    host_ip: Optional[str] = None,
) -> int:
    """Start a command once per role, and wait for all processes.

    ``cluster`` is local, ssh, mpi or slurm. ``host_file`` has one host per line, for ssh and mpi.
    ``host_ip`` is the address at which other machines reach the scheduler, which runs here.

    Returns 0 if all processes succeed. If one fails, returns 2 for bad usage, else 1; the failure
    has then been reported, and all processes on this machine have been ended.

    Raises UsageError if hosts are missing or a word of the command cannot be passed on,
    ModuleNotFoundError without MXNet, which contains the launcher, and ClusterError if it was
    killed.
    """
    if cluster == "ssh" and host_file is None:
        raise UsageError("--cluster ssh: list the hosts, one per line, in --host-file FILE")
    if host_file is not None:
        _check_hosts(Path(host_file))
    program = _PROGRAMS.get(cluster)
    if program is not None and shutil.which(program) is None:
        raise UsageError(f"--cluster {cluster}: {program} is not on the PATH; install it")
    if find_spec(distributed.LAUNCHER) is None:
        raise ModuleNotFoundError(name="mxnet")
    words = [_quoted(word, cluster) for word in distributed.with_interpreter(command)]
    variables = {"DMLC_PS_ROOT_PORT": str(free_port())}
    if cluster == "local":
        # Not reachable from other machines.
        variables.update(DMLC_PS_ROOT_URI="127.0.0.1", DMLC_NODE_HOST="127.0.0.1")
    elif host_ip is not None:
        variables["DMLC_PS_ROOT_URI"] = host_ip
    options = ["--cluster", cluster, f"--num-workers={num_workers}", f"--num-servers={num_servers}"]
    if host_file is not None:
        options.append(f"--host-file={host_file}")
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, json.dumps([cluster, options, words, os.getpid()])],
        env={**os.environ, **variables},
        # A separate process group, for killpg.
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
        raise ClusterError(
            f"the launcher was killed by signal {-status}; all processes are stopped"
        )
    return status


def _end(process: subprocess.Popen) -> None:
    """Wait until the processes of a group have ended, and kill them after the time limit."""
    group = process.pid
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            deadline = time.monotonic() + _GRACE
            while time.monotonic() < deadline:
                # The group's first process exists as a zombie until its status is read.
                process.poll()
                os.killpg(group, 0)
                time.sleep(0.05)
        finally:
            # Also after Ctrl-C.
            os.killpg(group, signal.SIGKILL)


def _check_hosts(path: Path) -> None:
    try:
        hosts = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"--host-file {path}: cannot be read ({reason})") from error
    if not hosts:
        raise UsageError(f"--host-file {path}: the file lists no host")


def _quoted(word: str, cluster: str) -> str:
    # MXNet joins all words to one shell command, which it puts in single quotes for ssh.
    if "\n" in word or (cluster == "ssh" and "'" in word):
        raise UsageError(
            f"{word!r}: --cluster {cluster} cannot pass on a line break"
            f"{' or a single quote' if cluster == 'ssh' else ''}; put the command into a script"
        )
    return re.sub(r"([^\w./=:,+@%-])", r"\\\1", word) or "''"


def free_port() -> int:
    """Return a free port for a scheduler, outside the range that the system assigns itself."""
    draw = random.SystemRandom()
    while True:
        # That range usually begins at 32,768.
        port = draw.randrange(20_000, 32_768)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("", port))
            return port


def _main(cluster: str, options: List[str], words: List[str], parent: int) -> int:
    """Run MXNet's launcher in this process, and wait for its threads."""
    submit = distributed.load_launcher()[cluster]
    arguments = distributed.launcher_options([*options, "command"])
    arguments.command = words
    # The launcher has a thread per process, which raises if that fails; the first one is the cause.
    failures: queue.SimpleQueue = queue.SimpleQueue()
    threading.excepthook = lambda raised: failures.put(raised.exc_value)
    submitting = threading.Thread(target=submit, args=(arguments,), daemon=True)
    submitting.start()
    status = 1
    # If the parent was killed, this process must end the others.
    while os.getppid() == parent:
        with contextlib.suppress(queue.Empty):
            failure = _failure(failures.get(timeout=0.05))
            print(f"error: {failure}; all other processes are stopped", file=sys.stderr)
            status = 2 if failure.endswith("status 2") else 1
            break
        threads = threading.enumerate()
        if failures.empty() and not any(
            thread is submitting or isinstance(thread, distributed.LauncherThread)
            for thread in threads
        ):
            return 0
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    if os.getppid() != parent:
        time.sleep(_GRACE)
        os.killpg(0, signal.SIGKILL)
    sys.stderr.flush()
    # Not sys.exit(), which would wait for the threads.
    os._exit(status)


def _failure(error: BaseException) -> str:
    """Return which process failed and how, from an exception in MXNet's launcher."""
    text = str(error)
    status = re.search(r"(?:code=|status |died with <.*: )(-?\d+)", text)
    if status is None:
        return f"the launcher failed: {text.splitlines()[0] if text else type(error).__name__}"
    role = re.search(r"DMLC_ROLE\W+(\w+)", text)
    host = re.search(r"DMLC_NODE_HOST\W+([\w.-]+)", text)
    # Without its number: the launcher's numbers are not the workers' ranks.
    which = f"a {role.group(1)}" if role else "the scheduler"
    if role and host and text.startswith("Command 'ssh "):
        which += f" on {host.group(1)}"
    number = int(status.group(1))
    how = f"ended with status {number}"
    if number < 0 or "died with" in text or 128 < number < 160:
        # A shell adds 128 to the signal's number.
        how = f"was killed by signal {abs(number) % 128}"
    return f"{which} {how}"


if __name__ == "__main__":
    sys.exit(_main(*json.loads(sys.argv[1])))
