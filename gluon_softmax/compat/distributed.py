"""MXNet's distributed training: its launcher, ``dmlc_tracker``, and its ``Trainer``.

The launcher does not run on newer Pythons. It uses ``Thread.isAlive`` and ``logging.warn``, which
were removed. It does not let the user set the scheduler's address and port, and it passes Slurm an
option that was removed.
"""

import logging
import os
import subprocess
import sys
import threading
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Dict, List

from .registry import note

LAUNCHER = "dmlc_tracker"
CLUSTERS = ("local", "ssh", "mpi", "slurm")
# Slurm 19 renamed the option.
_SHARE, _OVERSUBSCRIBE = "--share --exclusive=user", "--oversubscribe"


class LauncherThread(threading.Thread):
    """A thread of the launcher, with names that Python removed; it waits for a process."""

    isAlive = threading.Thread.is_alive

    def setDaemon(self, daemonic: bool) -> None:
        """Set ``daemon`` without the warning that this is deprecated."""
        self.daemon = daemonic


def load_launcher() -> Dict[str, Any]:
    """Import and patch MXNet's launcher, without importing MXNet.

    Returns, by cluster type, the functions that submit a job. Raises ModuleNotFoundError if it is
    not installed.
    """
    modules: Any = {name: import_module(f"{LAUNCHER}.{name}") for name in CLUSTERS}
    tracker: Any = import_module(f"{LAUNCHER}.tracker")
    for module in (tracker, *modules.values()):
        module.Thread = LauncherThread
    _patch_tracker(tracker)
    modules["slurm"].subprocess = SimpleNamespace(**{**vars(subprocess), "check_call": _srun})
    note(LAUNCHER, "Python 3.9")
    return {name: module.submit for name, module in modules.items()}


def _patch_tracker(tracker: Any) -> None:
    if not hasattr(logging, "warn"):
        tracker.logging = SimpleNamespace(**{**vars(logging), "warn": logging.warning})
    guess, init = tracker.get_host_ip, tracker.PSTracker.__init__

    def get_host_ip(hostIP: Any = None) -> str:
        address = os.environ.get("DMLC_PS_ROOT_URI")
        return address if address and hostIP in (None, "auto") else guess(hostIP)

    def init_on_port(self: Any, hostIP: str, cmd: Any, port: int = 9091, **more: Any) -> None:
        given = int(os.environ.get("DMLC_PS_ROOT_PORT") or 0)
        init(self, hostIP, cmd, given or port, given + 1 if given else 9999, **more)

    tracker.get_host_ip = get_host_ip
    tracker.PSTracker.__init__ = init_on_port


def _srun(command: str, **options: Any) -> int:
    return subprocess.check_call(command.replace(_SHARE, _OVERSUBSCRIBE), **options)


def launcher_options(words: List[str]) -> Any:
    """Parse the launcher's options, as the launcher does."""
    return import_module(f"{LAUNCHER}.opts").get_opts(words)


def with_interpreter(command: List[str]) -> List[str]:
    """Return a command whose bare ``python`` is this interpreter.

    On another host, ``python`` is whatever the shell finds there: an environment that is activated
    here is not activated there.
    """
    if command[:1] in (["python"], ["python3"]):
        return [sys.executable, *command[1:]]
    return command


def wait_for_weights(module: Any) -> None:
    """Patch ``mxnet.gluon.trainer``: the first step waits for the initial weights.

    At its first step each worker requests the initial weights from the server and pushes its
    gradient to the same key, without waiting for the reply. If all gradients arrive first, the
    server replies with their sum, and that worker trains with other weights than the rest.
    """
    trainer = module.Trainer
    init = trainer._init_params

    def init_and_wait(self: Any) -> None:
        init(self)
        if self._distributed:
            for param in self._params:
                if not param._deferred_init:
                    for array in param.list_data():
                        array.wait_to_read()

    trainer._init_params = init_and_wait
    note("gluon.Trainer with dist_sync", "MXNet 1.9")
