import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from shared import by_module, kept

from gluon_softmax.data.resplit import resplit
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.reproduction import published_runs, reproduce
from gluon_softmax.reproduction.answer import judge
from gluon_softmax.reproduction.published_runs import predict, tables
from gluon_softmax.reproduction.results import results
from gluon_softmax.training.run import Settings, train_run

pytestmark = pytest.mark.once

# The mean loss after each epoch of 21 such tables, which include these 13.
WITHDRAWN = [0.7888, 0.5737, 0.5290, 0.5051, 0.4896]


def test_each_table_has_its_source():
    file = Path(published_runs.__file__).with_name("published-runs.json")
    runs = json.loads(file.read_text("utf-8"))
    assert len(runs) == 16
    for run in runs:
        assert {"framework", "repository", "path", "batch_size", "lr", "table"} <= set(run)
        assert (run["batch_size"], run["lr"]) == (256, 0.1)
        assert np.shape(run["table"]) == (5, 3)
    assert tables("MXNet").shape == (13, 5, 3)
    assert tables("PyTorch").shape == (3, 5, 3)


def test_the_editions_lie_apart_by_many_times_their_scatter():
    withdrawn, official = tables("MXNet"), tables("PyTorch")
    np.testing.assert_allclose(withdrawn[:, :, 0].mean(axis=0), WITHDRAWN, atol=3e-4)
    apart = withdrawn[:, 4, 0].mean() - official[:, 4, 0].mean()
    assert apart == pytest.approx(0.0038, abs=0.00005)
    assert apart > 6 * withdrawn[:, 4, 0].std(ddof=1)
    # The accuracies of the two do not even overlap.
    assert withdrawn[:, 4, 2].min() > official[:, 4, 2].max()


@pytest.fixture(scope=by_module)
def found(sample):
    official = dataclasses.replace(sample, edition="official")
    return kept(lambda: reproduce.reproduce(official, Settings(), seed=3, runs=7, read=False))


def test_a_prediction_is_their_mean_moved_by_ours(found):
    predicted = predict(found)
    assert len(found.with_their_batch_size) == 5
    assert [run.seed for run in found.with_their_batch_size] == [3, 4, 5, 6, 7]
    assert len(predicted) == 25
    theirs = tables("MXNet")
    ours = [run for run in found.runs["resplit"] if run.implementation == "concise"][:5]
    for claim, prediction in predicted.items():
        column = ["loss", "train_acc", "test_acc"].index(claim.metric)
        values = theirs[:, claim.epoch - 1, column]
        moves = np.array(
            [
                getattr(one.records, claim.metric)[claim.epoch - 1]
                - getattr(other.records, claim.metric)[claim.epoch - 1]
                for one, other in zip(ours, found.with_their_batch_size)
            ]
        )
        assert prediction.mean == pytest.approx(values.mean() + moves.mean(), rel=1e-12)
        a, b = values.var(ddof=1) * 14 / 13, moves.var(ddof=1) / 5
        df = (a + b) ** 2 / (a**2 / 12 + b**2 / 4)
        low, high = stats.t.interval(1 - 0.05 / 30, df, prediction.mean, np.sqrt(a + b))
        if claim.metric != "loss":
            low, high = max(low, 0), min(high, 1)
        assert prediction[1:] == pytest.approx((low, high), rel=1e-9)
    entries = {claim["name"]: claim["others"] for claim in results(judge(found))["claims"]}
    for claim, prediction in predicted.items():
        assert entries[claim.name]["mean"] == prediction.mean
    assert entries['scratch, epoch 1: "train acc"'] is None


def test_the_sentence_counts_their_runs_and_predicts_the_last_loss(found):
    predicted = predict(found)
    within = sum(
        low - 0.5 * 10**-claim.digits <= claim.printed <= high + 0.5 * 10**-claim.digits
        for claim, (_, low, high) in predicted.items()
    )
    last = next(
        prediction.mean
        for claim, prediction in predicted.items()
        if (claim.metric, claim.epoch) == ("loss", 5)
    )
    assert str(published_runs.in_a_sentence(found, predict(found))) == (
        "Extrapolated from batch size 256 to 200, 13 runs that other people published on the "
        f"withdrawn edition predict {within} of the 25 comparable numbers. They predict a last "
        f"loss of {last:.4f}; the tutorial prints 0.4782 and 0.4770."
    )


def test_all_runs_are_in_the_results(found):
    written = results(judge(found))["with_others_batch_size"]
    assert list(written) == ["concise"]
    assert written["concise"]["seeds"] == [3, 4, 5, 6, 7]
    expected = [run.records.loss for run in found.with_their_batch_size]
    assert written["concise"]["loss"]["values"] == expected


def test_the_runs_with_their_batch_size_are_on_the_same_splits(sample, found):
    official = dataclasses.replace(sample, edition="official")
    settings = Settings(batch_size=256)
    for run in found.with_their_batch_size[:2]:
        alone = train_run(
            IMPLEMENTATIONS["concise"],
            resplit(official, run.seed),
            settings,
            run.seed,
            on_epoch=lambda _: 0,
        )
        assert run.records.loss == alone.records.loss


@pytest.mark.parametrize(
    ("settings", "runs"), [(Settings(lr=0.05), 2), (Settings(epochs=4), 2), (Settings(), 1)]
)
def test_no_prediction_without_enough_runs(settings, runs, sample):
    official = dataclasses.replace(sample, edition="official")
    found = reproduce.reproduce(official, settings, seed=0, runs=runs, read=False)
    assert predict(found) == {}
    assert str(published_runs.in_a_sentence(found, predict(found))) == ""
