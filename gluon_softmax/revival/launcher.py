"""MXNet's launcher, ``dmlc_tracker``, does not start on newer Pythons, nor all that it offers.

It asks for ``Thread.isAlive`` and ``logging.warn``, imports what only Kubernetes needs, refuses
two of the clusters that its options offer, guesses an address and a port that nobody can set, and
calls Slurm by an option that is gone.
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

from .mend import note

NAME = "dmlc_tracker"
CLUSTERS = ("local", "ssh", "mpi", "slurm")
# Slurm calls it otherwise since version 19.
_SHARE, _OVERSUBSCRIBE = "--share --exclusive=user", "--oversubscribe"


def load() -> Dict[str, Any]:
    """Import MXNet's launcher, mended, without MXNet.

    Returns
    -------
    dict
        What submits a job, given its options, for each kind of cluster.

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
    """Read the launcher's options, as its ``submit`` does."""
    return import_module(f"{NAME}.opts").get_opts(words)


def is_its(thread: threading.Thread) -> bool:
    """Tell whether a thread is the launcher's, each of which waits for a process."""
    return isinstance(thread, _Thread)


class _Thread(threading.Thread):
    """As before Python 3.9, and gone with the program as its name says."""

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
