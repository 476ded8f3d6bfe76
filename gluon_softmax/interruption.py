"""Ctrl-C and SIGTERM end the program, also where Python would ignore that.

Both raise an exception where they find the program. Python ignores what a ``__del__`` raises, and
each of MXNet's arrays has one, or a hook around a fork. So a signal is noted as well, and the data
loaders check for it before each batch.
"""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from types import FrameType
from typing import Any, Iterator, Optional

from .errors import package_at_fault

_noted: Optional[int] = None
_is_held = False


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """End the block on Ctrl-C and on SIGTERM.

    Raises KeyboardInterrupt after Ctrl-C, and SystemExit with status 143 after SIGTERM.
    """
    handlers = {signal.SIGTERM: _note}
    # A program that a shell started in the background ignores Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = _note
    before = {signum: signal.signal(signum, handler) for signum, handler in handlers.items()}
    try:
        yield
        end_if_asked()
    finally:
        clear_signal()
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def exit_on_interrupt() -> Iterator[None]:
    """Exit with status 130 on Ctrl-C, even before a signal handler is installed.

    Also report a missing or broken NumPy, which the regular error handling itself needs. Standard
    output and standard error may be closed.
    """
    open_closed_streams()
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(report_interruption())
    except ImportError as error:
        reason = package_at_fault(error)
        if reason is None or "--debug" in sys.argv:
            raise
        sys.exit(f"error: {reason}")


def open_closed_streams() -> None:
    """Replace standard output or standard error that is closed, as by ``2>&-``, by a null device.

    Otherwise the next file that is opened would get its file descriptor, and MXNet's output.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            # Worker processes write there, too.
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def report_interruption() -> int:
    """Report that Ctrl-C ended the program; return the exit status."""
    print("\ninterrupted", file=sys.stderr)
    return 128 + signal.SIGINT


def end_if_asked() -> None:
    """Raise KeyboardInterrupt or SystemExit if a signal is pending and not :func:`held`.

    The exceptions are those of :func:`listening`.
    """
    if _noted is None or _is_held:
        return
    if _noted == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + _noted)


def clear_signal() -> None:
    """Clear the pending signal."""
    global _noted
    _noted = None


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Defer signals while child processes start in the block; the children ignore Ctrl-C."""
    global _is_held
    masks = hasattr(signal, "pthread_sigmask")
    if masks:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    _is_held = True
    try:
        yield
    finally:
        _is_held = False
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    end_if_asked()


def follow_parent(folder: Optional[str] = None) -> None:
    """Ignore Ctrl-C, and exit when the parent of this process has ended, however it did.

    A killed parent cannot remove its temporary folder, which is then removed here.
    """
    # Ctrl-C in a terminal reaches all processes; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_after_parent, args=(folder,), daemon=True).start()


def _exit_after_parent(folder: Optional[str]) -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _note(signum: int, frame: Optional[FrameType]) -> None:
    global _noted
    _noted = signum
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return
        frame = frame.f_back
    end_if_asked()
