"""What a person sees on a terminal's screen; through a pipe, everything looks right."""

import re
import sys

import pytest

pytestmark = [pytest.mark.posix, pytest.mark.slow]
terminal = pytest.importorskip("terminal", exc_type=ImportError)

WIDTHS = pytest.mark.parametrize("columns", [80, 110])
EPOCH = re.compile(r"epoch \d, loss \d\.\d{4}, train acc \d\.\d{3}, test acc \d\.\d{3}( .*)?")


@WIDTHS
def test_no_line_of_results_is_torn(columns, sample_dir, tmp_path):
    argv = [sys.executable, "-m", "gluon_softmax", "reproduce", "--data-dir", str(sample_dir)]
    argv += ["--runs=4", "--no-reading", "--epochs=5", "--out", str(tmp_path)]
    status, lines = terminal.screen_of(argv, columns)
    assert status == 0
    epochs = [line for line in lines if "poch" in line and ", loss" in line]
    assert len(epochs) == 10
    assert all(map(EPOCH.fullmatch, epochs)), epochs
    runs = [line for line in lines if re.match(r" *run", line)]
    assert [line[:12].rstrip() for line in runs] == [f"run   {k} of 4" for k in (2, 3, 4)], runs
    # No bar, and no part of one, stays on the screen.
    assert not any("it/s" in line or "run/s" in line or "%|" in line for line in lines)
    assert not any(line in ("e", "epoch", "epoc") for line in lines)
