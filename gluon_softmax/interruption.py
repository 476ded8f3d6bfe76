"""Ctrl-C and SIGTERM end the program where nothing is half done: between two batches.

An exception that is raised wherever a signal finds the program may be lost, since Python ignores
what a ``__del__`` raises, and each of MXNet's arrays has one; or it tears up what a worker process
is just handing over. Hence a signal is only noted, and the feeds of both versions ask for it before
each batch. Where no batch comes by, as in a download, it takes effect all the same, a moment later.
"""

import contextlib
import signal
import sys
from types import FrameType
from typing import Iterator, Optional

# How long to wait for the end of a batch, and then again where it is no time yet, in seconds.
PATIENCE = 0.5
AGAIN = 0.02

_noted: Optional[int] = None
_is_held = False


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Handle Ctrl-C and SIGTERM inside the block, which ends as they ask for.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C.
    SystemExit
        With status 143, after SIGTERM.
    """
    handlers = {signal.SIGTERM: _note}
    # A program started in the background of a shell is not to mind Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = _note
    before = {signum: signal.signal(signum, handler) for signum, handler in handlers.items()}
    try:
        yield
        end_if_asked()
    finally:
        _forget()
        for signum, handler in before.items():
            signal.signal(signum, handler)


def end_if_asked() -> None:
    """Raise what ends the program, if a signal has come that is not :func:`held`.

    Errors are those of :func:`listening`.
    """
    signum = _noted
    if signum is None or _is_held:
        return
    _forget()
    if signum == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + signum)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait while processes start in the block; those never see them.

    Python ignores what is raised in its hooks around a fork, and nobody would end the one half of
    a pool of processes of which the other is not there yet. (MXNet itself ignores a Ctrl-C that
    comes while its pool forks: the next one counts.)
    """
    global _is_held
    mask = None
    if hasattr(signal, "pthread_sigmask"):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    _is_held = True
    try:
        yield
    finally:
        _is_held = False
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    end_if_asked()


def _note(signum: int, _: Optional[FrameType]) -> None:
    global _noted
    _noted = signum
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _insist)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE, AGAIN)
    else:
        end_if_asked()


def _insist(_: int, frame: Optional[FrameType]) -> None:
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return
        frame = frame.f_back
    end_if_asked()


def _forget() -> None:
    global _noted
    if _noted is not None and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    _noted = None
