import contextlib
import dataclasses
import json
import sys
from pathlib import Path

import d2lzh as d2l
import jsonschema
import pytest
from program import Pipe
from shared import by_module

from gluon_softmax.reproduction import claims, parallel_runs, reproduce, results, verdicts
from gluon_softmax.reproduction.answer import judge
from gluon_softmax.reproduction.exact_results import find_exact_results, time_reading
from gluon_softmax.training.loop import epoch_line
from gluon_softmax.training.run import Settings

SCHEMA = json.loads((Path(results.__file__).parent / "results.schema.json").read_text("utf-8"))


@pytest.fixture(scope=by_module)
def official(sample):
    """The sample under the name of the official edition, from which it comes."""
    return dataclasses.replace(sample, edition="official")


def test_facts(official):
    facts = {fact.name: fact for fact in find_exact_results(official)}
    assert facts["shape of mnist_train[0:10]"].verdict == verdicts.SAME
    assert facts["dtype of the images"].verdict == verdicts.SAME
    assert facts["class names"].here == d2l.get_fashion_mnist_labels(range(10))
    assert facts["nd.pick example"].verdict == verdicts.SAME
    # The sample has fewer examples than the data set, and that is not explained.
    assert facts["number of training examples"].verdict == verdicts.FAILS
    assert facts[claims.LABELS].verdict == verdicts.EXPLAINED
    assert facts[claims.LABELS].here == official.train_labels[:10].tolist()


def test_labels_of_files_of_ones_own_are_not_explained(sample):
    facts = {fact.name: fact for fact in find_exact_results(sample)}
    assert facts[claims.LABELS].verdict == verdicts.FAILS


def test_tutorial_settings_only(official):
    found = reproduce.reproduce(official, Settings(batch_size=256), seed=0, runs=2, read=False)
    assert {each.verdict for each in judge(found).verdicts} == {verdicts.NO_VERDICT}
    jsonschema.validate(results.results(judge(found)), SCHEMA)


def test_one_run(sample):
    found = reproduce.reproduce(sample, Settings(epochs=1), seed=0, runs=1, read=False)
    written = results.results(judge(found))
    jsonschema.validate(written, SCHEMA)
    assert list(written["editions"]) == ["own files"]
    assert written["editions"]["own files"]["concise"]["loss"]["sd"] is None


@pytest.mark.parametrize("batch_size", [200, 256])
def test_progress_counts_every_run(batch_size, official, monkeypatch):
    """Also the run with others' batch size, if that differs."""
    made, trained = [], []
    train = parallel_runs.train_run

    def noted(*args, **kwargs):
        trained.append(args)
        return train(*args, **kwargs)

    class Bar(contextlib.nullcontext):
        def __init__(self, total, desc, unit):
            super().__init__(self)
            self.total, self.words, self.updates = total, (desc, unit), 0
            made.append(self)

        def update(self):
            self.updates += 1

    monkeypatch.setattr(reproduce, "progress", Bar)
    monkeypatch.setattr(parallel_runs, "train_run", noted)
    settings = Settings(batch_size=batch_size)
    printed = dataclasses.replace(claims.TUTORIAL, batch_size=batch_size)
    reproduce.reproduce(official, settings, seed=0, runs=2, read=False, printed=printed)
    [bar] = made
    assert bar.words == ("runs", "run")
    assert bar.updates == bar.total == len(trained) == (8 if batch_size == 256 else 10)


def test_each_run_is_a_line(official, capsys):
    found = reproduce.reproduce(official, Settings(epochs=1), seed=0, runs=3, read=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("run ")]
    expected = []
    for edition, first in (("official", 1), ("resplit", 0)):
        pairs = zip(found.of(edition, "scratch"), found.of(edition, "concise"))
        for number, pair in list(enumerate(pairs, start=1))[first:]:
            claims = [f"{r.records.loss[-1]:.4f}  {r.records.test_acc[-1]:.4f}" for r in pair]
            expected.append(f"run   {number} of 3     {'   '.join(claims)}")
    assert lines == expected


def test_each_epoch_and_each_run_is_printed_at_once(official, monkeypatch):
    """Also into a pipe, where Python keeps lines back until they are flushed."""
    monkeypatch.setattr(sys, "stdout", Pipe())
    reproduce.reproduce(official, Settings(epochs=2), seed=0, runs=2, read=False)
    reported = [line for line in sys.stdout.at_once if line.startswith(("epoch", "run"))]
    lines = sys.stdout.text.splitlines()
    assert reported == [line for line in lines if line.startswith(("epoch", "run"))]
    assert len(reported) == 2 * 2 + 1 + 2


def test_interruption_keeps_finished_runs(official, monkeypatch):
    train = parallel_runs.train_run
    calls = []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return train(*args, **kwargs)

    monkeypatch.setattr(parallel_runs, "train_run", interrupted)
    found = reproduce.reproduce(official, Settings(epochs=1), seed=0, runs=3, read=False)
    assert found.partial
    # The second pair was interrupted, so only the first counts.
    assert {v: len(found.of("official", v)) for v in ("scratch", "concise")} == {
        "scratch": 1,
        "concise": 1,
    }
    assert results.results(judge(found))["partial"]


def test_reading_is_timed(sample):
    assert 0 < time_reading(sample, num_workers=1) < 60


def test_the_time_of_reading_is_that_of_these_data_and_workers(official, monkeypatch):
    asked = []
    monkeypatch.setattr(reproduce, "time_reading", lambda *args: asked.append(args) or 1.5)
    settings = Settings(epochs=1, num_workers=3)
    found = reproduce.reproduce(official, settings, seed=0, runs=1)
    assert asked == [(official, 3)]
    assert found.reading_seconds == 1.5


def test_the_first_run_is_printed_at_length_and_the_others_in_a_line(official, capsys):
    found = reproduce.reproduce(official, Settings(), seed=2**32 - 1, runs=2, read=False)
    # The seed after the last is the first.
    assert [run.seed for run in found.of("official", "concise")] == [2**32 - 1, 0]
    lines = capsys.readouterr().out.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("Part 2")))
    expected = []
    for implementation, title in (
        ("scratch", "Part 2, from scratch"),
        ("concise", "Part 3, concise"),
    ):
        first = found.of("official", implementation)[0]
        expected += ["", f"{title:56} tutorial"]
        expected.append(f"test acc before training {first.accuracy_before:.4f}")
        table = claims.TUTORIAL.of(implementation)
        for epoch in range(1, 6):
            records = dataclasses.replace(
                first.records,
                loss=first.records.loss[:epoch],
                train_acc=first.records.train_acc[:epoch],
                test_acc=first.records.test_acc[:epoch],
            )
            theirs = [claim.text for claim in table if claim.epoch == epoch]
            expected.append(f"{epoch_line(records):56} {' '.join(theirs)}")
    names = f"{'':17}scratch          concise"
    after = "loss and test accuracy after epoch 5"
    expected += ["", f"The official edition again: {after}", names]
    expected.append(next(line for line in lines if line.startswith("run ")))
    expected += ["", f"A new re-split for each run: {after}", names]
    assert lines[start - 1 : start - 1 + len(expected)] == expected
    assert len([line for line in lines if line.startswith("run ")]) == 3


def test_exact_results_are_printed_before_any_run(official, capsys):
    found = reproduce.reproduce(official, Settings(epochs=1), seed=0, runs=1, read=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Part 1, the data set (official edition, from {official.origin})"
    reported = dict(line.strip().split(": ", 1) for line in lines[1 : len(found.exact_results) + 1])
    # Results that equal the tutorial's, and results that do not.
    assert reported["dtype of the images"] == "uint8"
    assert reported["number of training examples"] == "1000  (tutorial: 60000)"
    assert list(reported) == [fact.name for fact in found.exact_results]


@pytest.mark.parametrize(
    ("settings", "repeated"),
    [({"batch_size": 256}, 1), ({"lr": 0.2}, 0), ({"epochs": 1}, 0)],
)
def test_others_settings_are_run_where_they_tell_something(settings, repeated, official):
    settings = Settings(**settings)
    printed = dataclasses.replace(claims.TUTORIAL, lr=settings.lr, batch_size=settings.batch_size)
    found = reproduce.reproduce(official, settings, seed=0, runs=1, read=False, printed=printed)
    assert len(found.with_their_batch_size) == repeated


def test_others_settings_print_nothing(official, capsys):
    reproduce.reproduce(official, Settings(), seed=0, runs=1, read=False)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("epoch ") for line in lines) == 10
