"""Where ``reproduce`` can end early, and what it reports then."""

import dataclasses
import json
import sys

import pytest

from gluon_softmax.commands import main as cli
from gluon_softmax.errors import Diverged
from gluon_softmax.reproduction import parallel_runs, reproduce, verdicts
from gluon_softmax.reproduction.answer import judge
from gluon_softmax.training.run import Settings, train_run

pytestmark = [pytest.mark.once, pytest.mark.slow]

RUNS = 4


@pytest.fixture(scope="module")
def official(sample):
    return dataclasses.replace(sample, edition="official")


@pytest.fixture(scope="module")
def train():
    """Return ``train_run``, which trains once with the same settings and seed."""
    trained = {}

    def train_once(implementation, data, settings, seed, **callbacks):
        # The seed is that of the split, too.
        key = implementation.name, data.edition, settings, seed
        if key not in trained:
            trained[key] = train_run(implementation, data, settings, seed, on_epoch=None)
        return trained[key]

    return train_once


def ended_at(call, official, train, monkeypatch, error=KeyboardInterrupt):
    """Reproduce with four runs on each edition, 20 trainings in all, and interrupt one of them."""
    calls = []

    def breaks_off(*args, **kwargs):
        calls.append(args)
        if len(calls) == call:
            raise error
        return train(*args, **kwargs)

    monkeypatch.setattr(parallel_runs, "train_run", breaks_off)
    return reproduce.reproduce(official, Settings(), seed=0, runs=RUNS, read=False)


def pairs_ended(call):
    """Return how many pairs of runs are completed on each edition before a training."""
    before = call - 1
    # On re-splits each pair is followed by a run with the batch size of others.
    whole, rest = divmod(max(before - 2 * RUNS, 0), 3)
    return min(before // 2, RUNS), whole + (rest == 2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, Diverged("epoch 1: diverged", None)])
@pytest.mark.parametrize("call", range(1, 5 * RUNS + 1))
def test_nothing_fails_that_waits_for_runs(call, error, official, train, monkeypatch):
    found = ended_at(call, official, train, monkeypatch, error)
    assert found.partial
    ended = tuple(len(found.of(edition, "scratch")) for edition in ("official", "resplit"))
    assert ended == pairs_ended(call)
    # On so small a sample hardly a number matches. But as long as fewer than two runs on
    # re-splits are completed, nothing can be said about re-splits.
    fails = verdicts.FAILS in {verdict.verdict for verdict in judge(found).verdicts}
    waits = "for runs that were not made" in str(judge(found).headline)
    # On Windows, MXNet draws other numbers, and two runs may be too far apart for a failure.
    if sys.platform != "win32" or not ended[1] >= 2:
        assert fails == (ended[1] >= 2)
    assert waits == (ended[0] >= 2 and ended[1] < 2)


def test_all_sources_failed(official, train, monkeypatch):
    found = ended_at(5 * RUNS + 1, official, train, monkeypatch)
    assert not found.partial
    assert verdicts.FAILS in {verdict.verdict for verdict in judge(found).verdicts}
    assert "wait for runs" not in str(judge(found).headline)


@pytest.mark.parametrize("what", ["the folder was removed", "a folder where a file should be"])
def test_the_table_is_printed_before_the_report_is_written(
    what, sample_dir, tmp_path, monkeypatch, capsys
):
    from gluon_softmax.reproduction import report

    out = tmp_path / "out"
    whole = reproduce.reproduce

    def reproduces(*args, **kwargs):
        found = whole(*args, **kwargs)
        if what == "the folder was removed":
            out.rmdir()
        else:
            (out / "results.json" / "x").mkdir(parents=True)
        return found

    monkeypatch.setattr(reproduce, "reproduce", reproduces)
    argv = ["reproduce", "--data-dir", str(sample_dir), "--runs=1", "--no-reading"]
    assert cli.main([*argv, "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert "No verdicts: these are files of your own" in said.out
    assert said.err.startswith(f"error: {out / 'results.json'}: cannot be written")
    assert said.err.count("\n") == 1
    assert report


def test_results_are_written_before_the_pictures(sample_dir, tmp_path, monkeypatch, capsys):
    from gluon_softmax.reproduction import report

    def no_pictures(found):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "pictures", no_pictures)
    argv = ["reproduce", "--data-dir", str(sample_dir), "--runs=1", "--no-reading"]
    assert cli.main([*argv, "--out", str(tmp_path)]) == 130
    assert json.loads((tmp_path / "results.json").read_text("utf-8"))["schema_version"]


def test_check_says_what_failed(sample_dir, tmp_path, capsys):
    argv = ["reproduce", "--data-dir", str(sample_dir), "--runs=1", "--no-reading", "--check"]
    assert cli.main([*argv, "--out", str(tmp_path)]) == 1
    assert (
        "error: neither reproduced nor explained: number of training examples; "
        "labels of mnist_train[0:10]\n" in capsys.readouterr().err
    )
