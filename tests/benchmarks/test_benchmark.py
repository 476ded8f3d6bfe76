import importlib.util
import json

import numpy as np
import pytest

from benchmarks import benchmark, growth, rounds
from benchmarks.__main__ import run
from benchmarks.benchmark import CONTENDERS, NUMPY, TUTORIAL
from benchmarks.rounds import Contender, Result
from gluon_softmax.commands.main import guarded
from gluon_softmax.errors import GluonSoftmaxError


def result(epoch, loss=0.4734):
    return Result(epoch, 2.0, loss, 0.83, 400_000_000)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--round", "1"], "did you mean '--rounds'? (see `python -m benchmarks --help`)"),
        (["--rounds", "0"], "0 is out of range: choose 1 to 100"),
        (["--epochs", "none"], "'none' is not a whole number"),
        (["--out", __file__], "cannot create this folder"),
    ],
)
def test_bad_usage_is_one_line(options, words, capsys):
    assert guarded(run, options) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("error: ")
    assert words in said.err
    with pytest.raises(GluonSoftmaxError):
        guarded(run, [*options, "--debug"])


def test_ratios_are_of_the_same_round():
    assert benchmark.ratios([2.0, 8.0, 9.0], [1.0, 4.0, 3.0]) == (2.0, 2.0, 3.0)


def test_table_is_in_the_order_of_time_and_another_loss_does_not_count():
    results = {
        TUTORIAL: [result(2.0), result(4.0)],
        NUMPY: [result(0.1), result(0.2)],
        "fast and wrong": [result(0.01, loss=0.51), result(0.01)],
        "slow": [result(1.0), result(1.0)],
    }
    lines = benchmark.table(results)[2:]
    assert [line[:28].strip() for line in lines] == [NUMPY, "slow", TUTORIAL, "fast and wrong"]
    assert "excluded: another loss" in lines[-1]
    assert "excluded" not in "".join(lines[:-1])
    assert "7.50 [5.00, 10.0]" in lines[1]
    assert "3.00 [2.00, 4.00]" in lines[1]


MISSING = Contender("other", "other", package="no-such-package-anywhere")


def test_installed_versions():
    here, versions = rounds.installed([MISSING, Contender("x", "x", package="numpy")])
    assert [contender.name for contender in here] == ["x"]
    assert versions == {"numpy": np.__version__}


def test_the_plan_is_printed_first():
    here = [contender for contender in CONTENDERS if not contender.package]
    lines = benchmark.plan(here, CONTENDERS, 5, True, 5, 200)
    assert lines[0].startswith(
        "Running 6 of 10 contenders (rounds: 5, epochs: 5), then data loading and"
    )
    assert lines[1:] == [
        "Skipping torch, jax, scikit-learn: not installed. To include them: make benchmark "
        "(installs 3 GB), or pip install torch jax scikit-learn",
    ]
    assert len(benchmark.plan(CONTENDERS, CONTENDERS, 5, True, 5, 200)) == 1


def test_the_time_that_it_takes():
    """The times in docs/speed.md, from the start of each process to the trained model."""
    whole = (0.82, 3.34, 1.31, 2.11, 1.24, 1.50, 3.00, 8.70, 8.78, 10.79)
    estimated = benchmark.estimated_seconds(CONTENDERS, 5, False, 5, 200)
    assert estimated == pytest.approx(5 * sum(whole), rel=0.25)
    assert benchmark.estimated_seconds(CONTENDERS, 10, False, 5, 200) == 2 * estimated
    assert benchmark.estimated_seconds(CONTENDERS, 5, True, 5, 200) > estimated + 60
    fewer = [contender for contender in CONTENDERS if not contender.package]
    assert benchmark.estimated_seconds(fewer, 5, False, 5, 200) < 0.9 * estimated
    # NumPy by hand needs 2.4 times as long with batches of 20, scratch 12 times.
    assert benchmark.estimated_seconds(CONTENDERS, 5, False, 5, 20) > 1.5 * estimated


def test_a_contender_that_fails_is_named_and_left_out(capsys, monkeypatch):
    fails = Contender("fails", "numpy_by_hand")
    with pytest.raises(GluonSoftmaxError, match="fails: its process ended with status"):
        rounds.run_once(fails, epochs="none")
    calls = []

    def run_once(contender, **settings):
        calls.append(contender.name)
        if contender.name == "b" and calls.count("b") == 2:
            raise GluonSoftmaxError("b: its process ended")
        return result(1.0)

    monkeypatch.setattr(rounds, "run_once", run_once)
    results = rounds.run_rounds([Contender("a", ""), Contender("b", "")], 3)
    # They take turns; the one that failed is not started again.
    assert calls == ["a", "b", "a", "b", "a"]
    assert list(results) == ["a"]
    assert "b: its process ended" in capsys.readouterr().err


@pytest.mark.full_data
@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_contenders_reach_the_same_loss(contender, official):
    # One epoch of all examples: 0.748 with a standard deviation of 0.0015, but for the initial
    # weights of scikit-learn, which are ten times as large.
    module = {"scikit-learn": "sklearn"}.get(contender.package, contender.package or "numpy")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{contender.package} is not installed")
    found = rounds.run_once(contender, epochs=1)
    assert found.loss == pytest.approx(0.748, abs=0.02 if module == "sklearn" else 0.008)
    assert 0.76 < found.accuracy < 0.83
    assert found.whole > found.epoch > 0
    assert found.peak_bytes > 100_000_000


@pytest.mark.full_data
def test_the_whole_benchmark_in_small(tmp_path, monkeypatch, capsys, official):
    monkeypatch.setattr(
        benchmark, "CONTENDERS", [c for c in CONTENDERS if c.name in (TUTORIAL, NUMPY)]
    )
    monkeypatch.setitem(growth.SIZES, "examples", (600, 6000))
    monkeypatch.setitem(growth.SIZES, "batch_size", (200, 2000))
    assert benchmark.benchmark(tmp_path, 1, True, epochs=2, batch_size=200, lr=0.1)
    printed = capsys.readouterr().out
    assert printed.startswith("Running 2 of 2 contenders (rounds: 1, epochs: 2), then data loading")
    assert "resident is" in printed
    found = json.loads((tmp_path / "benchmark.json").read_text("utf-8"))
    assert set(found["training"]) == {TUTORIAL, NUMPY}
    assert found["growth"]["examples"]["sizes"] == [600, 6000]
    assert len(found["growth"]["batch_size"][NUMPY]) == 2
    for name in ("growth-examples.png", "growth-batch-size.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    own = found["passes"]["mxnet alone"][0]["peak_bytes"]
    # All training images as float32 are 188 MB.
    assert 188e6 < found["passes"]["resident"][0]["peak_bytes"] - own < 3 * 188e6


def test_a_contender_that_warns_much_does_not_stand_still(tmp_path, monkeypatch):
    line = '{"seconds": [2, 1], "losses": [0.5], "accuracies": [0.8], "peak_bytes": 7}'
    program = f"import sys\nsys.stderr.write('warning' * 100_000)\nprint('''{line}''')\n"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "warns.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(rounds, "CONTENDERS", "elsewhere")
    found = rounds.run_once(Contender("warns", "warns"))
    assert (found.epoch, found.loss, found.accuracy, found.peak_bytes) == (1, 0.5, 0.8, 7)
