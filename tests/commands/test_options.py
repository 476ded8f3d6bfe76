import argparse
import os
import subprocess
import sys

import pytest
from program import ROOT

from gluon_softmax.commands import options
from gluon_softmax.errors import UsageError


def test_whole_number():
    parse = options.whole_number(1, 10)
    assert [parse(text) for text in ("1", "10", " 7 ")] == [1, 10, 7]
    for text in ("0", "11", "1.0", "", "one"):
        with pytest.raises(argparse.ArgumentTypeError, match="is"):
            parse(text)
    assert options.whole_number(3)("1000000") == 1000000
    with pytest.raises(argparse.ArgumentTypeError, match="at least 3"):
        options.whole_number(3)("2")


def test_positive_number():
    assert options.positive_number("1e-3") == 0.001
    for text in ("0", "-1", "nan", "inf", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            options.positive_number(text)


def test_defaults_are_the_tutorials():
    parser = options.Parser()
    options.add_data_options(parser)
    options.add_training_options(parser)
    found = parser.parse_args([])
    assert (found.epochs, found.batch_size, found.lr) == (5, 200, 0.1)
    assert (found.edition, found.loader, found.ctx) == (None, "resident", "auto")


def test_a_choice_that_is_nearly_right_is_suggested():
    parser = options.Parser(prog="program")
    options.add_implementation(parser, None)
    with pytest.raises(UsageError, match=r"'sratch', did you mean 'scratch'\? \(choose from scr"):
        parser.parse_args(["sratch"])
    with pytest.raises(UsageError, match=r"invalid choice: 'x' \(choose from scratch, concise\)"):
        parser.parse_args(["x"])


def test_an_unknown_option_is_named_before_what_follows_it():
    parser = options.Parser(prog="program")
    parser.add_argument("--known")
    parser.add_argument("words", nargs="*")
    with pytest.raises(UsageError, match=r"unknown option '--knwon', did you mean '--known'\?"):
        parser.parse_args(["--knwon", "5"])
    assert parser.parse_args(["--", "--knwon"]).words == ["--knwon"]


def test_nearest():
    assert options.nearest("--bach-size=3", ["--batch-size", "--lr"]).endswith("'--batch-size'?")
    assert options.nearest("zzz", ["--batch-size"]) == ""


# Prints the number of threads that is set when MXNet is imported.
THREADS = """
import os, sys
found = []
def see(event, arguments):
    if event == "import" and arguments[0] == "mxnet" and not found:
        found.append(os.environ.get("OMP_NUM_THREADS"))
        print("threads:", *found)
sys.addaudithook(see)
from gluon_softmax.commands import main
sys.exit(main.main_implementation("concise", sys.argv[1:]))
"""


@pytest.mark.parametrize(("given", "expected"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, 2)])
def test_one_thread_if_the_user_chose_no_number(given, expected):
    """So the last digits do not depend on the number of cores."""
    environment = {key: value for key, value in os.environ.items() if key != options.THREADS}
    done = subprocess.run(
        [sys.executable, "-c", THREADS, f"--data-dir={ROOT}/tests/data", "--epochs=1"],
        env={**environment, **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"threads: {expected}\nepoch 1, "), done.stderr
