"""MXNet's launcher, ``dmlc_tracker``, does not run on newer Pythons.

It uses ``Thread.isAlive`` and ``logging.warn``, which were removed, and imports packages that only
Kubernetes needs. It rejects two of the cluster types that its own options list, does not let the
user set the scheduler's address and port, and passes Slurm an option that was removed.
"""

import logging
import os
import subprocess
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any, Dict, List

from .registry import note

NAME = "dmlc_tracker"
CLUSTERS = ("local", "ssh", "mpi", "slurm")
# Slurm 19 renamed the option.
_SHARE, _OVERSUBSCRIBE = "--share --exclusive=user", "--oversubscribe"


def load() -> Dict[str, Any]:
    """Import and patch MXNet's launcher, without importing MXNet.

    Returns
    -------
    dict
        For each cluster type, the function that submits a job, given the launcher's options.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    """
    _spare_kubernetes()
    submit: Any = import_module(f"{NAME}.submit")
    modules: Any = {name: import_module(f"{NAME}.{name}") for name in CLUSTERS}
    _mend_tracker(import_module(f"{NAME}.tracker"))
    for module in modules.values():
        module.Thread = _Thread
    modules["slurm"].subprocess = SimpleNamespace(**{**vars(subprocess), "check_call": _srun})
    main = submit.main

    def main_of_all() -> None:
        arguments = submit.opts.get_opts()
        if arguments.cluster not in ("ssh", "slurm"):
            return main()
        submit.config_logger(arguments)
        modules[arguments.cluster].submit(arguments)

    submit.main = main_of_all
    note(NAME, "Python 3.9", sys.version_info >= (3, 9))
    return {name: module.submit for name, module in modules.items()}


def _spare_kubernetes() -> None:
    if find_spec("kubernetes") is None or find_spec("yaml") is None:

        def submit(arguments: Any) -> None:
            raise ModuleNotFoundError("Kubernetes needs the packages kubernetes and pyyaml")

        stand_in: Any = ModuleType(f"{NAME}.kubernetes")
        stand_in.submit = submit
        sys.modules.setdefault(stand_in.__name__, stand_in)


def options(words: List[str]) -> Any:
    """Parse the launcher's options, as its ``submit`` does."""
    return import_module(f"{NAME}.opts").get_opts(words)


def with_interpreter(command: List[str]) -> List[str]:
    """Return a command whose bare ``python`` is this interpreter.

    On another host, ``python`` is whatever the shell finds there: an environment that is activated
    here is not activated there.
    """
    if command[:1] in (["python"], ["python3"]):
        return [sys.executable, *command[1:]]
    return command


def is_its(thread: threading.Thread) -> bool:
    """Check whether a thread belongs to the launcher; each of its threads waits for a process."""
    return isinstance(thread, _Thread)


class _Thread(threading.Thread):
    """A thread with the names that Python 3.9 removed; ``setDaemon`` works without a warning."""

    isAlive = threading.Thread.is_alive

    def setDaemon(self, daemonic: bool) -> None:
        self.daemon = daemonic


def _mend_tracker(tracker: Any) -> None:
    tracker.Thread = _Thread
    if not hasattr(logging, "warn"):
        tracker.logging = SimpleNamespace(**{**vars(logging), "warn": logging.warning})
    guess, init = tracker.get_host_ip, tracker.PSTracker.__init__

    def get_host_ip(hostIP: Any = None) -> str:
        given = os.environ.get("DMLC_PS_ROOT_URI")
        return given if given and hostIP in (None, "auto") else guess(hostIP)

    def start(self: Any, hostIP: str, cmd: Any, port: int = 9091, **more: Any) -> None:
        given = int(os.environ.get("DMLC_PS_ROOT_PORT") or 0)
        init(self, hostIP, cmd, given or port, given + 1 if given else 9999, **more)

    tracker.get_host_ip = get_host_ip
    tracker.PSTracker.__init__ = start


def _srun(command: str, **options: Any) -> int:
    return subprocess.check_call(command.replace(_SHARE, _OVERSUBSCRIBE), **options)
