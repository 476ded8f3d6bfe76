import numpy as np
import pytest

import scratch.training
from gluon_softmax.comparison import compare
from gluon_softmax.training.run import Settings


def test_side_by_side_within_the_bounds(sample):
    found = compare.compare_steps(sample, Settings(epochs=2), seed=5)
    assert found.steps == 10
    for name, largest in found.largest.items():
        assert 0 < largest <= compare.BOUNDS[name]
    assert 0 < found.at_the_end <= found.largest["parameters"]
    assert found.same_predictions > 0.99


def test_a_difference_is_noticed(sample, monkeypatch):
    # scratch takes steps of twice the size.
    step = scratch.training.sgd
    monkeypatch.setattr(scratch.training, "sgd", lambda params, lr, n: step(params, 2 * lr, n))
    found = compare.compare_steps(sample, Settings(epochs=1), seed=5)
    assert found.largest["parameters"] > compare.BOUNDS["parameters"]
    assert not compare.compare(sample, Settings(epochs=1), seed=5)


def test_underflow_is_named_as_the_cause(sample, capsys):
    assert not compare.compare(sample, Settings(epochs=3, lr=50.0), seed=0)
    assert "Later a probability underflowed to 0 in float32" in capsys.readouterr().out


def test_rounding_is_named_as_the_cause(sample, monkeypatch, capsys):
    settings = Settings(epochs=2)
    found = compare.compare_steps(sample, settings, seed=5)
    first, largest = found.at_first["parameters"], found.largest["parameters"]
    assert first < largest
    # Small batches or another rate would do the same, but take longer.
    monkeypatch.setitem(compare.BOUNDS, "parameters", (first + largest) / 2)
    assert not compare.compare(sample, settings, seed=5)
    assert "Then rounding errors of float32 accumulate" in capsys.readouterr().out


def test_an_error_is_not_called_rounding(sample, monkeypatch, capsys):
    step = scratch.training.sgd
    monkeypatch.setattr(scratch.training, "sgd", lambda params, lr, n: step(params, 2 * lr, n))
    assert not compare.compare(sample, Settings(epochs=1), seed=5)
    printed = capsys.readouterr().out
    assert "rounding errors" not in printed
    assert "underflowed" not in printed
    assert "BEYOND the bound" in printed
    assert "They differ at the first step; rounding does not explain that." in printed


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_other_digits_on_windows_are_explained(platform, sample, monkeypatch, capsys):
    monkeypatch.setattr(compare.sys, "platform", platform)
    assert compare.compare(sample, Settings(epochs=1), seed=5)
    explained = "On Windows, a seed gives other initial weights" in capsys.readouterr().out
    assert explained == (platform == "win32")


def test_stability_table():
    table = {row.gap: row for row in compare.stability()}
    for gap, row in table.items():
        logits = np.zeros(10)
        logits[0] = gap
        # In extended precision, by a formula other than the module's.
        wide = np.exp(logits.astype(np.longdouble) / 16)
        expected = 16 * np.log(wide[0]) - logits[1] + np.log1p(9 * np.exp(-np.longdouble(gap)))
        assert row.losses["float64"] == pytest.approx(float(expected), rel=1e-12)
        assert row.losses["Gluon"] == pytest.approx(row.losses["float64"], rel=1e-5)
        assert row.gradients["Gluon"] == pytest.approx(row.gradients["float64"], rel=1e-5)
    for way in ("tutorial", "scratch"):
        assert table[60].losses[way] == pytest.approx(60, rel=1e-6)
        assert table[60].gradients[way] == pytest.approx(-1, rel=1e-6)
    for way in ("tutorial", "scratch"):
        assert table[120].losses[way] == np.inf
        assert np.isnan(table[120].gradients[way])


def test_rows_far_below_the_largest_of_their_batch():
    rows = {gap: losses for gap, *losses in compare.far_rows()}
    assert rows[10] == pytest.approx([np.log(10)] * 3, rel=1e-5)
    assert np.isnan(rows[120][0])
    for _, ours, theirs in rows.values():
        assert (ours, theirs) == pytest.approx((np.log(10), np.log(10)), rel=1e-5)


def test_printed(sample, capsys):
    assert compare.compare(sample, Settings(epochs=1), seed=0)
    printed = capsys.readouterr().out
    assert "BEYOND" not in printed
    assert max(map(len, printed.splitlines())) <= 100
