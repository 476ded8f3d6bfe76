import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gluon_softmax.data.resplit import resplit
from gluon_softmax.reproduction import joint
from gluon_softmax.reproduction.joint import Joint, edition_of_table, fit, in_a_sentence
from gluon_softmax.reproduction.versions import VERSIONS
from gluon_softmax.training.run import Settings, train_version

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "data" / "published-runs.json").read_text("utf-8")
)


def draws(seed, n, shift=0.0, p=15):
    """Runs whose figures go up and down together."""
    random = np.random.RandomState(seed)
    common, own = random.normal(size=(n, 1)), random.normal(size=(n, p))
    return 0.5 + shift + 0.002 * common + 0.001 * own


@pytest.mark.parametrize("n", [5, 10, 20, 50])
def test_density_is_scipys(n):
    runs, table = draws(n, n), draws(99, 1)[0]
    rounding = np.full(15, 1e-9)
    chi_square, log_density = fit(table, runs, rounding)
    weight = 15 / (15 + n)
    covariance = np.cov(runs, rowvar=False) + 1e-9 * np.eye(15)
    shape = covariance * (1 - weight + weight * np.eye(15)) * (1 + 1 / n)
    expected = stats.multivariate_t(runs.mean(axis=0), shape, df=n - 1)
    assert log_density == pytest.approx(expected.logpdf(table), rel=1e-9)
    apart = table - runs.mean(axis=0)
    assert chi_square == pytest.approx(apart @ np.linalg.inv(shape) @ apart, rel=1e-6)


def test_figures_that_never_change_are_no_obstacle():
    runs = draws(0, 10)
    runs[:, 3] = 0.098
    chi_square, log_density = fit(runs[0], runs, np.full(15, 1e-8))
    assert np.isfinite([chi_square, log_density]).all()


@pytest.mark.parametrize("n", [10, 20, 50])
def test_tables_of_two_editions_are_told_apart(n):
    rounding = np.full(15, 1e-9)
    official, other = draws(1, n), draws(2, n, shift=0.012)
    right, tried = joint.left_out(official, other, rounding)
    assert tried == 2 * n
    assert right >= 0.95 * tried
    for k in range(20):
        for shift in (0, 0.012):
            ratio = joint.log10_ratio(draws(100 + k, 1, shift)[0], official, other, rounding)
            assert (ratio > 0) == bool(shift)
    # Of one and the same edition, half are called the other: nothing is made up.
    right, tried = joint.left_out(draws(3, n), draws(4, n), rounding)
    assert right < 0.8 * tried


def made(log10_ratio, version="scratch", right=20):
    return Joint(version, {"official": 217.0, "resplit": 22.0}, 15, log10_ratio, right, 20)


@pytest.mark.parametrize(
    ("ratios", "edition"),
    [
        ([], None),
        ([5.0], "withdrawn"),
        ([-5.0, -2.0], "official"),
        ([1.9], "undecided"),
        ([-1.9], "undecided"),
        ([5.0, -5.0], "undecided"),
        ([5.0, 1.0], "undecided"),
    ],
)
def test_edition_of_the_tables(ratios, edition):
    assert edition_of_table([made(ratio) for ratio in ratios]) == edition


def test_the_sentence_says_no_more_than_was_tried():
    assert in_a_sentence([]) == ""
    both = [made(8.17), made(7.94, "concise")]
    assert in_a_sentence(both) == (
        "As wholes, the tables fit re-splits, as those of the withdrawn edition do: they are "
        "10^8.2 (scratch) and 10^7.9 (concise) times as likely on re-splits as on the official "
        "edition. Of our own tables, each judged by the others, 40 of 40 were called right, "
        "which supports an error below 8%, not odds like these."
    )
    assert in_a_sentence([made(8.0, right=19)]).endswith("19 of 20 were called right.")


@pytest.mark.full_data
def test_published_tables_get_their_edition(official):
    settings = Settings(batch_size=256)
    runs = {"official": [], "resplit": []}
    for seed in range(10):
        for edition, data in (("official", official), ("resplit", resplit(official, seed))):
            run = train_version(
                VERSIONS["concise"], data, settings, seed, on_epoch=lambda records: None
            )
            records = run.records
            runs[edition].append([*records.loss, *records.train_acc, *records.test_acc])
    of = {edition: np.array(rows) for edition, rows in runs.items()}
    rounding = np.array([1e-8] * 5 + [1e-6] * 10) / 12
    assert len(PUBLISHED) == 16
    for published in PUBLISHED:
        table = np.array(published["table"]).T.ravel()
        ratio = joint.log10_ratio(table, of["official"], of["resplit"], rounding)
        is_withdrawn = published["framework"] == "MXNet"
        assert (ratio > joint.DECIDED) if is_withdrawn else (ratio < -joint.DECIDED), published
