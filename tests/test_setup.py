"""The set-up: finding an interpreter, the environment's mark, and the lists against the locks."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13"]
# d2lzh asks for jupyter, which nothing here uses: the locks leave it and its bound out.
NOT_LOCKED = {"jupyter", "bleach"}


def requirements(path, python):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    found = [Requirement(line) for line in lines if line]
    environment = {
        "python_version": python,
        "python_full_version": python + ".0",
        "sys_platform": "linux",
    }
    return [each for each in found if each.marker is None or each.marker.evaluate(environment)]


def locked(*names):
    text = "".join((ROOT / ".ci/locks" / name).read_text() for name in names)
    found = re.findall(
        r"^(\S+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", text, re.MULTILINE
    )
    assert len(found) == sum("==" in line for line in text.splitlines()) > 0
    assert "://" not in text
    versions = {canonicalize_name(name): version for name, version, _ in found}
    assert len(versions) == len(found)
    return versions


@pytest.mark.parametrize("python", PYTHONS)
def test_the_locks_hold_what_the_lists_ask(python):
    run = locked(f"run-{python}.txt")
    both = locked(f"run-{python}.txt", f"test-{python}.txt")
    lists = [(ROOT / "requirements.txt", run), (ROOT / "tests/requirements.txt", both)]
    for path, lock in lists:
        for requirement in requirements(path, python):
            name = canonicalize_name(requirement.name)
            if name in NOT_LOCKED:
                assert name not in lock
            else:
                assert requirement.specifier.contains(lock[name]), requirement
    assert run["mxnet"] == "1.9.1"
    assert "pytest" not in run


def test_this_environment_is_the_locked_one():
    import importlib.metadata

    series = "{}.{}".format(*sys.version_info[:2])
    if not Path(sys.prefix, "wanted-test.txt").exists():
        pytest.skip("not an environment of make's")
    for name, version in locked(f"run-{series}.txt", f"test-{series}.txt").items():
        assert importlib.metadata.version(name) == version


@pytest.fixture
def project(tmp_path):
    """Copy what setting up needs into a folder of its own, whose name is not a plain word."""
    folder = tmp_path / "a project"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    for name in ("Makefile", "requirements.txt", "tests/requirements.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def make(project, tmp_path):
    """Run make there with a PATH on which each Python is the given shell script."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ["make", "sh", "cat", "cmp", "ls", "uname", "grep", "mv", "rm", "env"]:
        (tools / name).symlink_to(shutil.which(name))

    def run(target, script="exit 127", **variables):
        for name in ("python3", "python", *(f"python{python}" for python in PYTHONS)):
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        environment = {"PATH": str(tools), "HOME": str(tmp_path), "LC_ALL": "C"}
        return subprocess.run(
            ["make", target, *(f"{name}={value}" for name, value in variables.items())],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def first_line(result):
    """Return the one line that is not make's own."""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make: ***")]
    assert result.returncode == 2
    assert len(lines) == 1, result.stderr
    return lines[0]


PYTHON = shlex.quote(sys.executable)
BROKEN = {
    "a shim that fails": "echo 'pyenv: command not found' >&2; exit 127",
    "too old": f'exec {PYTHON} -c "import sys; sys.version_info = (3, 8, 0); $2"',
    "too new": f'exec {PYTHON} -c "import sys; sys.version_info = (3, 14, 0); $2"',
    "without venv": f"exec {PYTHON} -c \"import sys; sys.modules['venv'] = None; $2\"",
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_no_usable_interpreter_is_one_line(make, project, script):
    if "exec" in script:  # It does run Python, and fails for no other reason than it says.
        command = ["sh", "-c", script, "sh", "-c", "print(sys.argv)"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    line = first_line(make("reproduce", script))
    assert line.startswith("No CPython 3.9 to 3.13 that runs and has venv was found: install one")
    assert "apt-get install python3-venv" in line
    assert not list(project.glob(".venv*"))


def test_a_given_interpreter_that_does_not_serve_is_one_line(make):
    assert first_line(make("test", PYTHON="/nowhere/python")).startswith("PYTHON=/nowhere/python ")


# Stands in for an interpreter: it answers what it is asked like the one that runs the tests, makes
# an "environment" that holds only itself, and installs nothing, or fails to. What it was asked
# goes to a log.
FAKE = """
case "$2" in
venv)
    for folder; do :; done
    rm -rf "$folder"
    /bin/mkdir -p "$folder/bin"
    /bin/cp "$0" "$folder/bin/python"
    ;;
pip | compileall)
    echo "$2" "$*" >>pip.log
    [ ! -e fail ] || [ "$2" != pip ] || { echo "ERROR: no network" >&2; exit 1; }
    ;;
gluon_softmax) echo "ran $*" ;;
*) exec @PYTHON@ "$@" ;;
esac
"""
FAKE = FAKE.replace("@PYTHON@", PYTHON)


def test_the_environment_is_made_once_and_anew_when_the_lock_changes(make, project):
    log = project / "pip.log"

    first = make("reproduce", FAKE)
    assert first.returncode == 0, first.stderr
    assert re.fullmatch(r"Setting up \.venv with Python 3\.\d+\.\d+ \(.*\) \.\.\.\n", first.stderr)
    assert first.stdout == "ran -m gluon_softmax reproduce\n"
    assert "--require-hashes" in log.read_text() or sys.platform != "linux"

    log.unlink()
    second = make("reproduce", "exit 127")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert not log.exists()

    for lock in [project / "requirements.txt", *project.glob(".ci/locks/run-*.txt")]:
        lock.write_text(lock.read_text() + "# newer\n")
    assert "Setting up" in make("reproduce", FAKE).stderr
    assert log.exists()


def test_an_installation_that_fails_is_tried_again(make, project):
    (project / "fail").touch()
    result = make("reproduce", FAKE)
    assert result.returncode == 2
    assert result.stderr.splitlines()[1:3] == [
        "ERROR: no network",
        "Installing into .venv failed: see above.",
    ]
    assert result.stdout == ""

    (project / "fail").unlink()
    result = make("reproduce", FAKE)
    assert (result.returncode, result.stdout) == (0, "ran -m gluon_softmax reproduce\n")


def test_a_given_interpreter_has_its_own_environment(make, project, tmp_path):
    make("reproduce", FAKE)
    given = tmp_path / "my python"
    given.write_text("#!/bin/sh\n" + FAKE)
    given.chmod(0o755)
    result = make("reproduce", "exit 127", PYTHON=given)
    assert result.returncode == 0, result.stderr
    series = "{}.{}".format(*sys.version_info[:2])
    assert sorted(path.name for path in project.glob(".venv*")) == [".venv", f".venv-{series}"]


def test_an_interpreter_of_pyenv_is_found_behind_broken_shims(make, project, tmp_path):
    series = "{}.{}".format(*sys.version_info[:2])
    real = tmp_path / ".pyenv/versions" / f"{series}.99" / "bin/python"
    real.parent.mkdir(parents=True)
    real.write_text("#!/bin/sh\n" + FAKE)
    real.chmod(0o755)
    result = make("reproduce", BROKEN["a shim that fails"])
    assert (result.returncode, result.stdout) == (0, "ran -m gluon_softmax reproduce\n")


def test_make_help_names_every_target():
    targets = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text()).group(1).split()
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    ).stdout
    assert [name for name in targets if name != "help" and f"make {name} " not in shown] == []
