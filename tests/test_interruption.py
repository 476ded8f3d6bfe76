"""Signals within this process; ``test_processes`` sends them to whole programs."""

import signal

import pytest

from gluon_softmax.interruption import clear_signal, end_if_asked, held, listening

BOTH = pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def handlers():
    """Restore the handlers of both signals after the test."""
    before = signal.getsignal(signal.SIGINT)
    yield [before, signal.getsignal(signal.SIGTERM)]
    signal.signal(signal.SIGINT, before)


def ends(block):
    """Return how a block under ``listening`` ends: its exit status, and what it did before."""
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
def test_a_signal_takes_effect_where_it_finds_the_program(signum, handlers):
    def block(done):
        done.append("what was under way")
        signal.raise_signal(signum)
        done.append("more")

    assert ends(block) == (128 + signum, ["what was under way"])
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
    # No signal is pending.
    assert ends(lambda done: (end_if_asked(), done.append("again"))) == (0, ["again"])


@BOTH
@pytest.mark.parametrize("until", ["the next batch", "the end"])
def test_a_signal_that_python_ignored_is_not_forgotten(signum, until, handlers):
    class Swallows:
        def __eq__(self, other):
            try:
                signal.raise_signal(signum)
            except BaseException:
                return True

    def block(done):
        assert Swallows() == 1
        done.append("what was under way")
        if until == "the next batch":
            end_if_asked()
            done.append("the next batch")

    assert ends(block) == (128 + signum, ["what was under way"])


def test_an_answered_signal_is_forgotten(handlers):
    def block(done):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            clear_signal()
        end_if_asked()
        done.append("the report")

    assert ends(block) == (0, ["the report"])


def test_a_program_in_the_background_ignores_ctrl_c(handlers):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert ends(lambda done: signal.raise_signal(signal.SIGINT)) == (0, [])


@BOTH
def test_not_within_a_del(signum, handlers):
    class Array:
        def __del__(self):
            signal.raise_signal(signum)
            end.append("whole")

    end = []

    def block(done):
        array = Array()
        del array
        done.append("what was under way")
        end_if_asked()
        done.append("all")

    assert ends(block) == (128 + signum, ["what was under way"])
    assert end == ["whole"]


@BOTH
def test_held_until_the_block_ends(signum, handlers):
    def block(done):
        with held():
            # To this process: any thread may receive the signal.
            signal.getsignal(signum)(signum, None)
            done.append("held")
        done.append("all")

    assert ends(block) == (128 + signum, ["held"])
    if hasattr(signal, "pthread_sigmask"):
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


@pytest.mark.posix
def test_a_blocked_ctrl_c_stays_blocked(handlers):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        with held():
            pass
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
