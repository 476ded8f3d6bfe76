import functools
import re
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from scipy import stats

from gluon_softmax.data.load import load
from gluon_softmax.data.resplit import resplit
from gluon_softmax.reproduction import verdicts
from gluon_softmax.reproduction.claims import TUTORIAL, Claim
from gluon_softmax.reproduction.verdicts import (
    EXPLAINED,
    FAILS,
    NO_VERDICT,
    ON_RESPLIT,
    REPRODUCES,
    judge_claims,
)
from gluon_softmax.training.run import Settings

pytestmark = [pytest.mark.once, pytest.mark.slow]

CONCISE = tuple(claim for claim in TUTORIAL.claims if claim.implementation == "concise")


def claim(tutorial, digits=12, metric="loss", epoch=1, class_id=None):
    return Claim("scratch", "scratch", metric, epoch, tutorial, digits, class_id=class_id)


@pytest.mark.parametrize("n", [2, 3, 10, 50])
@pytest.mark.parametrize("level", [0.05, 0.0016])
def test_interval_is_that_of_students_t(n, level):
    values = np.random.RandomState(n).normal(0.5, 0.01, n)
    scale = values.std(ddof=1) * np.sqrt(1 + 1 / n)
    expected = stats.t.interval(1 - level, n - 1, loc=values.mean(), scale=scale)
    assert verdicts.prediction_interval(values, level) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_fewer_than_two_runs_settle_nothing(values):
    f = claim(0.5)
    assert [v.verdict for v in judge_claims([f], {"official": {f: values}}, "official")] == [
        NO_VERDICT
    ]


def test_rounding_of_the_printed_number_is_allowed_for():
    assert verdicts.is_within(claim(0.098, digits=3), (0.09751, 0.09752))
    assert not verdicts.is_within(claim(0.098, digits=3), (0.09740, 0.09749))


def test_the_ends_of_the_interval_belong_to_it():
    for tutorial in (0.25, 0.75):
        assert verdicts.is_within(claim(tutorial, digits=400), (0.25, 0.75))
    assert not verdicts.is_within(claim(0.8, digits=400), (0.25, 0.75))


def test_words():
    near, far = [0.50, 0.51, 0.49, 0.505], [0.70, 0.71, 0.69, 0.705]
    cases = [
        (REPRODUCES, 0.5, near, far, "loss"),
        (REPRODUCES, 0.5, near, far, "test_acc"),
        (ON_RESPLIT, 0.5, far, near, "loss"),
        (FAILS, 0.1, near, far, "loss"),
        (EXPLAINED, 0.5, far, near, "proportion"),
        (EXPLAINED, 0.5, near, far, "proportion"),
    ]
    for word, tutorial, official, resplit_values, metric in cases:
        f = claim(tutorial, metric=metric, class_id=1 if metric == "proportion" else None)
        [verdict] = judge_claims(
            [f], {"official": {f: official}, "resplit": {f: resplit_values}}, "official"
        )
        assert verdict.verdict == word
        assert verdict.claim is f
        assert verdict.intervals == {
            "official": verdicts.prediction_interval(official, verdicts.LEVEL),
            "resplit": verdicts.prediction_interval(resplit_values, verdicts.LEVEL),
        }
    f = claim(0.1, metric="proportion", class_id=1)
    [verdict] = judge_claims([f], {"official": {f: near}}, "official")
    assert verdict.verdict == FAILS


def test_claims_without_enough_runs_have_no_verdict():
    f = claim(0.5)
    values = {"official": {f: [0.70, 0.71, 0.69]}}
    [verdict] = judge_claims([f], values, "official", awaited=["resplit"])
    assert verdict.verdict == NO_VERDICT
    # With one run of two there is no verdict either.
    values["resplit"] = {f: [0.5]}
    [verdict] = judge_claims([f], values, "official", awaited=["resplit"])
    assert verdict.verdict == NO_VERDICT
    values["resplit"] = {f: [0.1, 0.11]}
    [verdict] = judge_claims([f], values, "official", awaited=["resplit"])
    assert verdict.verdict == FAILS
    # A number that already matches needs no more runs.
    f = claim(0.7)
    [verdict] = judge_claims(
        [f], {"official": {f: [0.70, 0.71, 0.69]}}, "official", awaited=["resplit"]
    )
    assert verdict.verdict == REPRODUCES


def test_no_interval_of_a_proportion_leaves_0_to_1():
    for metric, ends in (("test_acc", (0, 1)), ("train_acc", (0, 1)), ("loss", (-5, 5))):
        f = claim(0.5, metric=metric)
        [verdict] = judge_claims([f], {"official": {f: [0.1, 0.9]}}, "official")
        low, high = verdict.intervals["official"]
        if metric == "loss":
            assert low < 0
            assert high > 1
        else:
            assert (low, high) == ends


def test_random_weights_are_not_judged():
    f = claim(0.9, metric="accuracy_before", epoch=0)
    other = claim(0.5)
    values = {"official": {f: [0.1, 0.11, 0.12], other: [0.5, 0.51, 0.52]}}
    verdict, of_other = judge_claims([f, other], values, "official")
    assert verdict.verdict == NO_VERDICT
    assert verdict.intervals == {}
    # They do not make the others' intervals wider either.
    level = verdicts.LEVEL
    assert of_other.intervals["official"] == verdicts.prediction_interval([0.5, 0.51, 0.52], level)


def test_numbers_of_its_own_distribution_are_called_false_at_the_nominal_rate():
    random = np.random.RandomState(0)
    families, claims, runs = 3000, 31, 10
    draws = random.normal(size=(families, claims, runs + 1))
    families_with_a_false_call = 0
    for family in draws:
        named = [claim(row[-1], epoch=i) for i, row in enumerate(family)]
        values = {f: row[:-1].tolist() for f, row in zip(named, family)}
        judged = judge_claims(named, {"official": values}, "official")
        families_with_a_false_call += any(v.verdict == FAILS for v in judged)
    # Binomial with p = 0.05: five standard deviations are 0.02.
    assert families_with_a_false_call / families == pytest.approx(0.05, abs=0.02)


def test_numbers_ten_standard_deviations_off_never_reproduce():
    random = np.random.RandomState(1)
    for family in random.normal(size=(300, 31, 10)):
        named = [claim(10.0 * (-1) ** i, epoch=i) for i in range(31)]
        values = {f: row.tolist() for f, row in zip(named, family)}
        assert {v.verdict for v in judge_claims(named, {"official": values}, "official")} == {FAILS}


def faulty_run(fault, data, seed):
    """Train concise with one planted fault; return its numbers."""
    from mxnet import init
    from mxnet.gluon import nn

    from concise.training import get_train_batch
    from gluon_softmax.training import loader
    from gluon_softmax.training.loop import train_epochs
    from gluon_softmax.training.run import seed_weights

    settings = Settings()
    seed_weights(seed)
    net = nn.HybridSequential()
    net.add(nn.Dense(10))
    net.initialize(init.Normal(sigma=0.02 if fault == "twice the weight scale" else 0.01))
    sampler = loader.ShardedBatchSampler
    if fault == "unshuffled data":

        def sampler(length, batch_size, random, shard, make=loader.ShardedBatchSampler):
            return make(length, batch_size)

    with mock.patch.object(loader, "ShardedBatchSampler", sampler):
        train_iter, test_iter = loader.load_data_fashion_mnist(
            settings.batch_size, data=data, seed=seed
        )
    if fault == "last batch dropped":
        train_iter = Wrapped(train_iter, lambda batches: batches[:-1])
    elif fault == "labels off by one in training":
        train_iter = Wrapped(train_iter, lambda batches: [(X, (y + 1) % 10) for X, y in batches])
    lr = 0.05 if fault == "learning rate 0.05" else settings.lr
    batch_size = 1 if fault == "no division by the batch size" else settings.batch_size
    train_batch = get_train_batch(net, net.collect_params(), lr, batch_size)
    records = train_epochs(train_batch, net, train_iter, test_iter, settings.epochs, on_epoch=None)
    return {f: getattr(records, f.metric)[f.epoch - 1] for f in CONCISE}


class Wrapped:
    """A DataLoader that changes its batches."""

    def __init__(self, batches, change):
        self.batches, self.change = batches, change

    def __iter__(self):
        return iter(self.change(list(self.batches)))


DOCS = Path(__file__).parents[2] / "docs" / "verdicts.md"


def planted_faults():
    """Print the table of planted faults: how many numbers fail, by fault and number of runs."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in DOCS.read_text("utf-8").splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    [start] = [number for number, row in enumerate(rows) if row[0] == "planted fault"]
    counts = [int(re.match(r"\d+", cell)[0]) for cell in rows[start][1:]]
    table = {}
    for fault, *cells in rows[start + 1 :]:
        if len(cells) != len(counts):
            break
        table[fault] = dict(zip(counts, map(int, cells)))
    return table


def test_the_table_of_faults_is_found():
    table = planted_faults()
    assert len(table) == 7
    assert all(list(row) == [2, 3, 4, 5, 7, 10] for row in table.values())


@functools.lru_cache(maxsize=None)
def split(seed):
    return resplit(load("official"), seed)


@pytest.mark.full_data
@pytest.mark.parametrize("fault", planted_faults())
def test_planted_faults(fault):
    runs = [faulty_run(fault, split(seed), seed) for seed in range(10)]
    for n in planted_faults()[fault]:
        values = {"resplit": {f: [run[f] for run in runs[:n]] for f in CONCISE}}
        found = sum(v.verdict == FAILS for v in judge_claims(CONCISE, values, "resplit"))
        # Another processor's rounding may move one number over the end of its interval.
        assert abs(found - planted_faults()[fault][n]) <= 1
