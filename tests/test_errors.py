"""The error for a missing package: it names the command that helps in that place."""

import os
import subprocess
import sys

import pytest
from program import ROOT

from gluon_softmax import errors


def missing(name):
    with pytest.raises(ModuleNotFoundError) as caught:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return errors.package_at_fault(caught.value)


def test_an_environment_that_is_not_active_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(errors, "ROOT", tmp_path)
    (tmp_path / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")).mkdir(parents=True)
    said = missing("mxnet")
    assert said.startswith(f"mxnet is not installed in this Python ({sys.executable}); ")
    assert "activate" in said
    assert str(tmp_path) in said
    assert "pip" not in said


def test_a_checkout_without_an_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(errors, "ROOT", tmp_path)
    (tmp_path / "uv.lock").touch()
    assert missing("mxnet").endswith(
        "; `make setup`, or `uv sync`, installs all packages into .venv"
    )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("tqdm", "pip install tqdm"),
        ("mxnet", "pip install --no-deps mxnet==1.9.1 d2lzh==1.0.0"),
        ("d2lzh", "pip install --no-deps mxnet==1.9.1 d2lzh==1.0.0"),
    ],
)
def test_installed_elsewhere(name, command, tmp_path, monkeypatch):
    monkeypatch.setattr(errors, "ROOT", tmp_path)
    assert missing(name).endswith(f"; type: {command}")


def test_a_package_of_ours_is_nobodys_fault_but_ours():
    assert missing("gluon_softmax") is None


@pytest.mark.posix
@pytest.mark.parametrize(
    "argv",
    [
        ["-m", "scratch"],
        ["-m", "concise", "predict", "x"],
        ["-m", "gluon_softmax", "reproduce"],
        ["scratch"],
        ["concise/__main__.py"],
    ],
)
def test_another_python_is_one_line(argv, tmp_path):
    """Like the system's Python, which has none of the packages."""
    done = subprocess.run(
        [sys.executable, "-S", *argv],
        cwd=ROOT,
        # Without site-packages.
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "is not installed in this Python" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scratch", "concise"])
@pytest.mark.parametrize("form", ["{}", "{}/__main__.py"])
def test_a_path_serves_as_well_as_a_module(name, form, sample_dir):
    by_path, by_name = (
        subprocess.run(
            [sys.executable, *words, "--data-dir", str(sample_dir), "--epochs=1"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        for words in ([form.format(name)], ["-m", name])
    )
    assert by_path.stderr == ""
    assert by_path.stdout == by_name.stdout
    assert by_path.stdout.startswith("epoch 1, loss")


@pytest.mark.parametrize("name", ["scratch", "concise"])
@pytest.mark.parametrize("module", ["model", "training", "parallel"])
def test_a_module_that_is_no_program_says_which_one_is(name, module):
    path = ROOT / name / f"{module}.py"
    done = subprocess.run(
        [sys.executable, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    line = f"error: {path}: use `python -m scratch` or `python -m concise`\n"
    assert done.stderr == line


def test_a_file_that_hides_an_installed_package_is_named(tmp_path):
    (tmp_path / "tqdm.py").touch()
    done = subprocess.run(
        [sys.executable, "-m", "gluon_softmax", "compare", "--data-dir", str(ROOT / "tests/data")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    file = tmp_path / "tqdm.py"
    line = f"error: {file} hides the package tqdm: rename it, or run from another folder\n"
    assert (done.returncode, done.stderr) == (1, line)
