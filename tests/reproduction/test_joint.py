import numpy as np
import pytest
from scipy import stats

from gluon_softmax.reproduction import joint
from gluon_softmax.reproduction.joint import Joint, edition_of_table, fit, in_a_sentence

pytestmark = pytest.mark.once


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


def made(
    log10_ratio, table="scratch", right=20, official=217.0, resplit=22.0, version=None, failing=0
):
    squares = {"official": official, "resplit": resplit}
    if log10_ratio < 0:
        squares = {"official": resplit, "resplit": official}
    runs = {"official": 10, "resplit": 10}
    version = version or table
    return Joint(table, version, squares, 15, failing, runs, log10_ratio, right, 20)


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


def test_a_table_that_lies_too_far_off_is_of_no_edition():
    # Of the F distribution with 15 and 9 degrees of freedom, so much lies beyond this.
    limit = 15 * stats.f.isf(joint.FITTING, 15, 9)
    near, far = made(9.0, resplit=limit * 0.999), made(9.0, official=900.0, resplit=limit * 1.001)
    assert (near.fits("resplit"), near.edition) == (True, "withdrawn")
    assert (far.fits("resplit"), far.edition) == (False, "undecided")
    assert not far.fits("official")
    assert "As a whole, scratch fits neither edition: 10^9.0" in in_a_sentence([far])


def test_the_sentence_says_no_more_than_was_tried():
    assert in_a_sentence([]) == ""
    both = [made(8.17), made(7.94, "concise")]
    assert in_a_sentence(both) == (
        "As wholes, scratch and concise fit re-splits, as those of the withdrawn edition do: "
        "10^8.2 and 10^7.9 times as likely on re-splits as on the official "
        "edition. Of our own tables, each judged by the others, 40 of 40 were called right, "
        "which supports an error below 8%, not odds like these."
    )
    assert in_a_sentence([made(8.0, right=19)]).endswith(
        "19 of 20 were called right: whatever the odds, 5% may be called wrong."
    )
    apart = [made(8.0, "table 1"), made(-5.0, "table 2")]
    assert in_a_sentence(apart).startswith(
        "As a whole, table 1 fits re-splits, as those of the withdrawn edition do: 10^8.0 times as "
        "likely on re-splits as on the official edition; as a whole, table 2 fits the official "
        "edition: 10^-5.0 times as likely"
    )
    # Tables that are judged by the same runs do not make them more.
    several = [made(k, f"table {k}", right=20 - (k == 5), version="concise") for k in (4, 5, 6)]
    assert in_a_sentence(several).startswith(
        "As wholes, table 4, table 5 and table 6 fit re-splits, as those of the withdrawn edition "
        "do: 10^4.0 to 10^6.0 times as likely"
    )
    assert "19 of 20 were called right" in in_a_sentence(several)


def test_a_table_of_which_most_figures_fail_fits_nowhere():
    assert made(9.0, failing=3).edition == "withdrawn"
    assert made(9.0, failing=4).edition == "undecided"
    assert not made(9.0, failing=4).fits("resplit")


def test_each_run_is_judged_by_the_others_only():
    """By scipy, each run left out in turn, of two editions that are hard to tell apart."""
    rounding = np.full(3, 1e-9)
    official, other = draws(5, 7, p=3), draws(6, 9, shift=0.0015, p=3)

    def log_density(run, runs):
        n, weight = len(runs), 3 / (3 + len(runs))
        covariance = np.cov(runs, rowvar=False) + 1e-9 * np.eye(3)
        shape = covariance * (1 - weight + weight * np.eye(3)) * (1 + 1 / n)
        return stats.multivariate_t(runs.mean(axis=0), shape, df=n - 1).logpdf(run)

    right, right_with_itself = 0, 0
    for own, foreign in ((official, other), (other, official)):
        for k, run in enumerate(own):
            foreign_density = log_density(run, foreign)
            right += log_density(run, np.delete(own, k, axis=0)) > foreign_density
            right_with_itself += log_density(run, own) > foreign_density
    assert joint.left_out(official, other, rounding) == (right, 16)
    assert right < right_with_itself
