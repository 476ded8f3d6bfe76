"""The set-up: uv.lock, the files made from it, and how uv is found or downloaded."""

import importlib.metadata
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gluon_softmax.compat import platform_check

ROOT = Path(__file__).parent.parent
PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
MACHINES = {
    "linux": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "ARM": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "Intel Mac": {"sys_platform": "darwin", "platform_machine": "x86_64"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
}


def holding(lines, environment):
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [each for each in found if each.marker is None or each.marker.evaluate(environment)]


@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_requirements_txt_pins_what_the_project_asks_for(python, kind):
    tomllib = pytest.importorskip("tomllib")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = settings["dependency-groups"]
    asked = settings["project"]["dependencies"] + groups["cpu"] + groups["d2lzh"]
    assert settings["tool"]["uv"]["default-groups"] == ["cpu", "d2lzh"]
    environment = {"python_version": python, "python_full_version": f"{python}.1"}
    environment.update(MACHINES[kind])
    pinned = {}
    for each in holding((ROOT / "requirements.txt").read_text("utf-8").splitlines(), environment):
        [specifier] = each.specifier
        assert specifier.operator == "=="
        assert canonicalize_name(each.name) not in pinned
        pinned[canonicalize_name(each.name)] = specifier.version
    for each in holding(asked, environment):
        assert each.specifier.contains(pinned[canonicalize_name(each.name)]), each
    # With arrays of one element as numbers, where NumPy allows that.
    assert (pinned["numpy"].split(".")[:2] < ["2", "4"]) == (python != "3.15")
    assert "pytest" not in pinned
    assert "jupyter" not in pinned


def test_the_lock_has_hashes_and_comes_from_one_index():
    lock = (ROOT / "uv.lock").read_text("utf-8")
    files = re.findall(r"\{ url = \"([^\"]+)\", (.*?) \}", lock)
    assert len(files) > 1000
    assert [url for url, rest in files if 'hash = "sha256:' not in rest] == []
    assert len({url.split("/")[2] for url, _ in files}) == 1
    assert len(set(re.findall(r"registry = \"([^\"]+)\"", lock))) == 1


@pytest.mark.posix
def test_requirements_txt_is_the_exported_lock():
    uv = shutil.which("uv") or ROOT / ".uv/bin/uv"
    if not Path(uv).exists():
        pytest.skip("uv is not installed")
    command = "export -q --locked --offline --no-emit-project --no-hashes --no-annotate --no-header"
    exported = subprocess.run([uv, *command.split()], cwd=ROOT, capture_output=True, text=True)
    assert exported.stdout == (ROOT / "requirements.txt").read_text("utf-8"), exported.stderr


def test_refused_pythons_are_those_of_the_wheels_and_the_project():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    [(least, above)] = re.findall(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project)
    assert (3, int(least)) == platform_check.OLDEST_PYTHON
    assert (3, int(above) - 1) == platform_check.NEWEST_PYTHON
    wheels = re.findall(
        r"mxnet-1\.9\.1-py3-none-manylinux(\w+?)_(?:x86_64|aarch64)\.whl",
        (ROOT / "uv.lock").read_text("utf-8"),
    )
    # PEP 599.
    assert set(wheels) == {"2014"}
    assert platform_check.OLDEST_GLIBC == (2, 17)


def project_settings():
    tomllib = pytest.importorskip("tomllib")
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_citation_says_what_the_project_says():
    settings = project_settings()
    cited = dict(
        re.findall(r"^([a-z-]+): (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    )
    assert cited["title"] == settings["name"]
    assert cited["version"] == settings["version"]
    assert cited["license"] == settings["license"]
    assert cited["repository-code"] == settings["urls"]["Homepage"]
    [author] = settings["authors"]
    assert f"\nauthors:\n  - name: {author['name']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_every_address_of_the_project_begins_alike():
    """Then replacing OWNER changes all of them."""
    settings = project_settings()
    assert all(url.startswith(settings["urls"]["Homepage"]) for url in settings["urls"].values())
    series = [each.split(" :: ")[-1] for each in settings["classifiers"] if ":: 3." in each]
    assert series == PYTHONS


def test_the_workflow_runs_on_each_system_and_on_supported_pythons():
    workflow = (ROOT / ".github/workflows/test.yml").read_text("utf-8")
    [listed] = re.findall(r"^ +os: \[(.+)\]$", workflow, re.MULTILINE)
    systems = [each.split("-")[0] for each in listed.split(", ")]
    assert systems == ["ubuntu", "ubuntu", "windows", "macos"]
    # Platforms with a wheel of MXNet: no Mac with Apple's chips.
    assert re.findall(r"macos-\S+?(?=[],])", workflow) == ["macos-15-intel"]
    pythons = re.findall(r"\"(3\.\d+)\"", workflow)
    assert {"3.9", "3.15"} < set(pythons) <= set(PYTHONS)


def test_this_environment_is_the_locked_one():
    made_by = Path(sys.prefix, "pyvenv.cfg")
    if not made_by.exists() or "uv = " not in made_by.read_text("utf-8"):
        pytest.skip("not an environment of uv's")
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pinned = holding(lines, {})
    assert len(pinned) > 30
    for each in pinned:
        assert each.specifier.contains(importlib.metadata.version(each.name)), each


@pytest.fixture
def project(tmp_path):
    """Copy the files for the set-up into a new folder with a space in its name."""
    folder = tmp_path / "a project"
    shutil.copytree(ROOT / "tools", folder / "tools")
    shutil.copy(ROOT / "Makefile", folder / "Makefile")
    return folder


@pytest.fixture
def make(project, tmp_path):
    """Run make there with a PATH on which uv and python3 are the given shell scripts."""
    if sys.platform == "win32":
        pytest.skip("make and sh are not of Windows")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ["make", "sh", "mv", "rm", "sleep"]:
        (tools / name).symlink_to(shutil.which(name))

    def start(target, python="exit 127", uv=None, more=None, **variables):
        scripts = {"python3": python, **({"uv": uv} if uv else {}), **(more or {})}
        for name, script in scripts.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        return subprocess.Popen(
            [
                str(tools / "make"),
                target,
                *(f"{name}={value}" for name, value in variables.items()),
            ],
            cwd=project,
            env={"PATH": str(tools), "HOME": str(tmp_path), "LC_ALL": "C"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def ended(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


DOWNLOADS = "Downloading uv into .uv: about 20 s, once\n"
INSTALLS = "Installing packages into .venv: about 30 s, once\n"
UV = 'printf "%s\\n" "uv $* $UV_PYTHON $UV_PROJECT_ENVIRONMENT"'
# Stands in for an interpreter: it makes an "environment" that holds only itself, and installs a uv
# that prints its arguments, or fails. The arguments of pip go to a log.
FAKE = f"""
case "$2" in
venv)
    for folder; do :; done
    /bin/mkdir -p "$folder/bin"
    /bin/cp "$0" "$folder/bin/python"
    ;;
pip)
    echo "$*" >>pip.log
    [ ! -e fail ] || {{ echo "ERROR: no network" >&2; exit 1; }}
    printf '#!/bin/sh\\n%s\\n' {shlex.quote(UV)} >"${{0%/*}}/uv"
    /bin/chmod +x "${{0%/*}}/uv"
    ;;
*) exec {shlex.quote(sys.executable)} "$@" ;;
esac
"""


def test_an_installed_uv_is_used(make, project):
    assert ended(make("reproduce", uv=UV)) == (
        0,
        "uv run --locked python -m gluon_softmax reproduce  \n",
        INSTALLS,
    )
    assert not (project / ".uv").exists()


def test_the_benchmark_is_started_with_the_other_frameworks(make):
    line = "uv run --locked --group benchmark python -m benchmarks --rounds 1  \n"
    assert ended(make("benchmark", uv=UV, ARGS="--rounds 1"))[1] == line


def test_an_environment_that_is_there_is_not_announced(make, project):
    (project / ".venv").mkdir()
    assert ended(make("reproduce", uv=UV))[2] == ""


def test_uv_is_downloaded_once(make, project):
    status, out, err = ended(make("reproduce", python=FAKE))
    assert (status, err) == (0, DOWNLOADS + INSTALLS)
    assert out == "uv run --locked python -m gluon_softmax reproduce  \n"
    assert "--require-hashes -r tools/uv.txt" in (project / "pip.log").read_text("utf-8")
    assert "--only-binary :all:" in (ROOT / "tools/uv.txt").read_text("utf-8").splitlines()
    assert {path.name for path in project.iterdir()} == {".uv", "Makefile", "pip.log", "tools"}
    (project / "pip.log").unlink()
    assert ended(make("reproduce")) == (0, out, INSTALLS)


def test_an_interpreter_by_its_name(make, tmp_path):
    status, out, err = ended(make("reproduce", uv=UV, more={"mine": FAKE}, PYTHON="mine"))
    series = "{}.{}".format(*sys.version_info[:2])
    assert (status, err) == (0, INSTALLS.replace(".venv", f".venv-{series}"))
    assert out.endswith(f"reproduce {tmp_path}/tools/mine .venv-{series}\n")


def test_an_interpreter_by_its_path(make, project):
    its = project / "a\\bin" / "mine"
    its.parent.mkdir()
    its.write_text(f"#!/bin/sh\n{FAKE}\n")
    its.chmod(0o755)
    for path in (str(its), "./a\\bin/mine"):
        status, out, _ = ended(make("reproduce", PYTHON=path, python=FAKE))
        assert (status, f" {path} .venv-" in out) == (0, True)


def test_a_given_interpreter_installs_uv(make, project, tmp_path):
    given = tmp_path / "tools" / "mine"
    status, _, err = ended(make("reproduce", more={"mine": FAKE}, PYTHON=str(given)))
    series = "{}.{}".format(*sys.version_info[:2])
    assert (status, err) == (0, DOWNLOADS + INSTALLS.replace(".venv", f".venv-{series}"))


@pytest.mark.parametrize("there", [True, False])
def test_words_reach_uv_as_they_are(make, project, there):
    """Also arguments with spaces, whether uv is found or downloaded."""
    counts = 'for word; do echo "<$word>"; done'
    ready = project / ".uv" / "bin"
    if not there:
        ready.mkdir(parents=True)
        (ready / "uv").write_text(f"#!/bin/sh\n{counts}\n")
        (ready / "uv").chmod(0o755)
    started = make("reproduce", uv=counts if there else None, ARGS="--out 'a  b'")
    assert ended(started)[1].splitlines()[-2:] == ["<--out>", "<a  b>"]


def test_a_uv_that_does_not_run_is_ignored(make, project):
    status, _, err = ended(make("reproduce", python=FAKE, uv="exit 127"))
    assert (status, err) == (0, DOWNLOADS + INSTALLS)


@pytest.mark.parametrize(
    "content",
    [b"\xcf\xfa\xed\xfe" + bytes(60), b"#!/bin/sh\nexit 2\n", None],
    ids=["another system's", "old", "a folder"],
)
def test_a_downloaded_uv_that_does_not_run_is_downloaded_again(content, make, project):
    its = project / ".uv/bin/uv"
    its.parent.mkdir(parents=True)
    if content is None:
        its.mkdir()
    else:
        its.write_bytes(content)
        its.chmod(0o755)
    status, out, err = ended(make("reproduce", python=FAKE))
    assert (status, err) == (0, DOWNLOADS + INSTALLS)
    assert out == "uv run --locked python -m gluon_softmax reproduce  \n"
    assert ended(make("reproduce", python=FAKE)) == (0, out, INSTALLS)


@pytest.mark.parametrize(("least", "downloads"), [("0.9", False), ("999", True)])
def test_a_uv_that_is_too_old_is_ignored(least, downloads, make, project):
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    if not Path(uv).exists():
        pytest.skip("uv is not installed")
    (project / "pyproject.toml").write_text(f'[tool.uv]\nrequired-version = ">={least}"\n')
    asks = f'[ "$1" = run ] || exec {shlex.quote(uv)} "$@"'
    status, _, err = ended(make("reproduce", python=FAKE, uv=asks))
    assert (status, err) == (0, (DOWNLOADS if downloads else "") + INSTALLS)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_download_leaves_nothing(name, make, project):
    slow = FAKE.replace("pip)", "pip)\n    : >asked; sleep 5; exit 1;;\npip-)")
    process = make("reproduce", python=slow)
    wait = time.monotonic() + 20
    while not (project / "asked").exists() and time.monotonic() < wait:
        time.sleep(0.05)
    assert list(project.glob(".uv-*"))
    os.killpg(process.pid, getattr(signal, name))
    assert ended(process)[0] != 0
    assert not list(project.glob(".uv*"))


def test_a_gpu_has_an_environment_of_its_own(make, project):
    (project / ".venv-gpu").mkdir()
    assert ended(make("reproduce", uv=UV, GPU="1"))[1] == (
        "uv run --locked --no-group cpu --extra gpu python -m gluon_softmax reproduce  .venv-gpu\n"
    )


def test_a_gpu_build_with_a_given_interpreter(make):
    status, out, err = ended(make("reproduce", uv=UV, GPU="1", PYTHON=sys.executable))
    assert (status, out.endswith(f"{sys.executable} .venv-gpu\n")) == (0, True)
    # make announces this download itself.
    assert (".venv-gpu: 2.4 GB, once." in out, err) == (True, "")


def test_a_failed_download_of_uv_is_tried_again(make, project):
    (project / "fail").touch()
    status, out, err = ended(make("reproduce", python=FAKE))
    assert (status, out) == (2, "")
    assert err.splitlines()[:3] == [
        DOWNLOADS.strip(),
        "ERROR: no network",
        "error: cannot download uv, see above: check the network, use a mirror or install uv "
        "(docs/installing.md)",
    ]
    assert not list(project.glob(".uv*"))
    (project / "fail").unlink()
    assert ended(make("reproduce", python=FAKE))[0] == 0


def test_without_a_python_that_has_venv_the_error_says_what_to_do(make):
    status, _, err = ended(make("reproduce", python="echo apt install python3-venv; exit 1"))
    assert (status, err.splitlines()[1]) == (2, "apt install python3-venv")
    assert err.splitlines()[2].startswith("error: cannot download uv, see above: ")


def test_a_given_interpreter_that_does_not_run_is_one_line(make):
    _, _, err = ended(make("test", PYTHON="/nowhere/python"))
    assert err.splitlines()[0] == (
        "error: PYTHON=/nowhere/python is not a working Python: set it to the name or path of "
        "CPython 3.9 to 3.15"
    )


def test_a_given_interpreter_has_its_own_environment(make):
    series = "{}.{}".format(*sys.version_info[:2])
    _, out, err = ended(make("reproduce", uv=UV, PYTHON=sys.executable))
    expected = f"reproduce {sys.executable} .venv-{series}\n"
    assert out == f"uv run --locked python -m gluon_softmax {expected}", err


def test_no_python_to_test_on_is_a_failure(make):
    status, out, _ = ended(make("test-pythons", uv="exit 1", PYTHONS="3.9 3.10"))
    assert status == 2
    assert out.endswith("on this machine: 3.9 3.10\n")


@pytest.mark.parametrize("named", [True, False])
def test_the_pythons_behind_pyenvs_commands_are_tested(named, make, tmp_path):
    root = tmp_path / ("its folder" if named else ".pyenv")
    its = root / "versions/3.9.18/bin/python3.9"
    its.parent.mkdir(parents=True)
    its.write_text(f"#!/bin/sh\n{FAKE}\n")
    its.chmod(0o755)
    place = {"PYENV_ROOT": str(root)} if named else {}
    uv = '[ "$1" != python ] || command -v "python$5"'
    status, out, err = ended(make("test-pythons", uv=uv, PYTHONS="3.9 3.10", **place))
    assert status == 0, err
    assert "Passed on Python: 3.9;" in out


@pytest.mark.parametrize("fails", [True, False])
def test_one_python_that_fails_is_a_failure(fails, make):
    """Only the first runs the tests that need the whole data set."""
    uv = f"""
case "$*" in
"cache dir") ;;
"python find"*) echo {shlex.quote(sys.executable)} ;;
*"not full_data"*) echo "again: $*"; exit {int(fails)} ;;
*) echo "first: $*" ;;
esac
"""
    status, out, err = ended(make("test-pythons", uv=uv, PYTHONS="3.9 3.10"))
    assert status == (2 if fails else 0), err
    words = [line.partition(":")[0] for line in out.splitlines() if "run --locked" in line]
    assert words == ["first", "again"]
    assert ("failed on: 3.10;" in out) == fails


@pytest.mark.posix
def test_a_container_without_the_project_says_what_to_add(tmp_path):
    done = subprocess.run(
        ["sh", ROOT / "tools/container", "true"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f'error: no project in {tmp_path}: go to the project\'s folder and add -v "$PWD":/work\n'
    )


@pytest.mark.posix
def test_the_image_is_built_from_files_that_are_there():
    """And .dockerignore does not exclude the files that are copied."""
    copied = re.findall(r"^COPY (\S+) ", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    kept = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert copied == kept
    for name in copied:
        assert (ROOT / name).is_file()
    assert os.access(ROOT / "tools/container", os.X_OK)


@pytest.mark.posix
def test_a_machine_of_no_name_is_bad_usage():
    done = subprocess.run(
        ["sh", "tools/machines/machine", "nowhere"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nowhere: choose debian-12, debian-13")


@pytest.mark.posix
def test_make_help_names_every_target():
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    targets = re.search(r"\.PHONY: (.*)", makefile).group(1).split()
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    ).stdout
    # The machines of one kind are in one line: "make test-debian-12 ...; also -13, -sid, ...".
    shown += "".join(
        f"make {kind}{other} "
        for kind, others in re.findall(r"make (\S+)-\S+ .*; also ((?:-\w+, )+)", shown)
        for other in others.split(", ")[:-1]
    )
    assert [name for name in targets if name != "help" and f"make {name} " not in shown] == []
