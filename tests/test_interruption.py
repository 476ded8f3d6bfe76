"""Signals within this process; ``test_processes`` sends them to whole programs."""

import signal
import time

import pytest

from gluon_softmax.interruption import end_if_asked, held, listening

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="without an alarm a signal takes effect at once"
)
BOTH = pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def handlers():
    """Handlers as a program has them that was started in the foreground."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield [signal.default_int_handler, signal.getsignal(signal.SIGTERM)]
    signal.signal(signal.SIGINT, before)


def ends(block):
    """Tell how a block under ``listening`` ends: its exit status, and what it did before."""
    done = []
    try:
        with listening():
            block(done)
    except KeyboardInterrupt:
        return 130, done
    except SystemExit as end:
        return end.code, done
    return 0, done


@BOTH
@pytest.mark.parametrize("until", ["the next batch", "the end", "a moment later"])
def test_a_signal_takes_effect(signum, until, handlers):
    def block(done):
        signal.raise_signal(signum)
        done.append("what was under way")
        if until == "the next batch":
            end_if_asked()
            done.append("the next batch")
        elif until == "a moment later":
            time.sleep(10)
            done.append("all")

    start = time.monotonic()
    assert ends(block) == (128 + signum, ["what was under way"])
    assert time.monotonic() - start < 2
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
    # Nothing is left to go off.
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert ends(lambda done: (end_if_asked(), done.append("again"))) == (0, ["again"])


def test_without_a_signal_an_alarm_of_the_caller_stays(handlers):
    signal.setitimer(signal.ITIMER_REAL, 250)
    assert ends(lambda done: end_if_asked()) == (0, [])
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 200


def test_what_runs_in_the_background_does_not_mind_ctrl_c(handlers):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert ends(lambda done: signal.raise_signal(signal.SIGINT)) == (0, [])


@BOTH
def test_not_within_a_del(signum, handlers):
    class Array:
        def __del__(self):
            signal.raise_signal(signum)
            time.sleep(0.7)
            end.append("whole")

    end = []

    def block(done):
        array = Array()
        del array
        time.sleep(10)
        done.append("all")

    assert ends(block) == (128 + signum, [])
    assert end == ["whole"]


@BOTH
def test_held_until_the_block_ends(signum, handlers):
    def block(done):
        with held():
            # To this process, of whose threads one or another lets the signal through.
            signal.getsignal(signum)(signum, None)
            time.sleep(0.7)
            done.append("held")
        done.append("all")

    assert ends(block) == (128 + signum, ["held"])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
