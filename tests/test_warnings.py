"""No warning from this project in Python's development mode. In tests, pytest makes them errors."""

import sys

import pytest
from program import ROOT, run

pytestmark = pytest.mark.slow
SAMPLE = str(ROOT / "tests" / "data")
OURS = [str(ROOT / name) for name in ("gluon_softmax", "scratch", "concise")]


@pytest.mark.parametrize(
    "argv",
    [
        ["concise", "--loader=per-sample", "--num-workers=1", "--epochs=1"],
        ["scratch", "--epochs=1"],
        ["gluon_softmax", "reproduce", "--runs=1", "--epochs=1", "--num-workers=0"],
        ["gluon_softmax", "compare", "--epochs=1"],
        ["gluon_softmax", "data"],
    ],
    ids=lambda argv: " ".join(argv[:2]),
)
def test_development_mode(argv, tmp_path):
    out = ["--out", str(tmp_path)] if "reproduce" in argv else []
    done = run(*argv, "--data-dir", SAMPLE, *out, python=["-X", "dev"])
    assert done.returncode == 0, done.stderr
    assert "ResourceWarning" not in done.stderr
    lines = done.stderr.splitlines()
    assert [line for line in lines if any(folder in line for folder in OURS)] == []


@pytest.mark.skipif(
    sys.version_info >= (3, 12) or sys.platform == "win32",
    reason="MXNet's files warn as they are compiled; on Windows those of its version 1.7 always",
)
@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_where_warnings_are_errors(implementation):
    """As in other people's tests, which import it."""
    done = run(implementation, "--data-dir", SAMPLE, "--epochs=1", python=["-W", "error"])
    assert (done.returncode, done.stderr) == (0, "")
