import platform
import re
import subprocess
import sys
from pathlib import Path

import mxnet
import numpy as np
import pytest
from server import FOLDER

from gluon_softmax.commands import doctor
from gluon_softmax.commands import main as cli
from gluon_softmax.data.cache import cache_root, edition_folder, obtain
from gluon_softmax.data.editions import EDITIONS
from gluon_softmax.revival.cuda import Gpu


def test_it_tells_what_there_is(cache, capsys):
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr()
    lines = [line.split(maxsplit=1) for line in said.out.splitlines()]
    told = dict(lines)
    assert told["python"] == "CPython {}, 64 bits".format(platform.python_version())
    assert told["numpy"] == np.__version__
    assert told["mxnet"].startswith(mxnet.__version__)
    assert "OPENMP" in told["features"]
    assert told["GPUs"] == "none: this MXNet is a CPU build"
    assert "numpy.bool" in told["mends"] or "mxnet with scipy" in told["mends"]
    assert told["cache"] == str(cache_root())
    assert ["edition", "official: 0 of 4 files"] in lines
    assert "nothing is wrong" in said.out + said.err
    if sys.platform == "linux":
        libraries = [Path(path).name for name, path in lines if name == "library"]
        assert {"libmxnet.so"} < set(libraries)
        for library in ("libgomp", "libquadmath"):
            assert any(name.startswith(library) for name in libraries)
        assert not any(name.startswith("libc.so") for name in libraries)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("sys.modules['mxnet'] = None", "MXNet cannot be imported"),
        (
            "sysconfig.get_config_var = lambda name: name == 'Py_GIL_DISABLED'",
            "free-threaded",
        ),
    ],
)
def test_it_works_where_mxnet_does_not(program, words):
    program = f"""
import sys, sysconfig
from gluon_softmax.commands.main import main
{program}
sys.exit(main(["doctor"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "cache" in done.stdout


@pytest.mark.fault
def test_what_is_not_installed_is_wrong(cache, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "versions", lambda: {"python": "3", "d2lzh": "unknown"})
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    assert said.err == "error: d2lzh is not installed; see docs/installing.md\n"
    assert "nothing is wrong" not in said.out


@pytest.mark.fault
@pytest.mark.parametrize("name", doctor.NEEDED)
def test_what_only_some_commands_need_is_missed_too(name, cache, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "find_spec", lambda each: None if each == name else each)
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == f"error: {name} is not installed; see docs/installing.md\n"


def test_it_looks_for_all_that_the_project_asks_for():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    asked = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE).group(1)
    names = {re.match(r"[\w-]+", line).group() for line in re.findall(r'"(.*)"', asked)}
    # Carried for their libraries, which doctor lists.
    names -= {"pykdtree", "scikit-learn", "cmeel-openblas"}
    found = {*doctor.NEEDED, *(name for name in doctor.versions() if name != "python")}
    assert {name.lower().replace("-", "_") for name in names} == {
        name.lower() for name in found - {"mxnet", "d2lzh"}
    }


@pytest.mark.fault
def test_a_cache_that_cannot_be_read_is_wrong_and_the_rest_is_told(cache, monkeypatch, capsys):
    def in_cache(edition):
        if edition.name == "official":
            raise PermissionError(13, "Permission denied", "folder")
        return {}

    monkeypatch.setattr(doctor, "in_cache", in_cache)
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    expected = "error: the cache of the official edition: [Errno 13] Permission denied: 'folder'\n"
    assert said.err == expected
    assert "mxnet: 0 of 4 files" in said.out


@pytest.mark.fault
def test_whatever_ends_the_import_is_one_line(cache, monkeypatch, capsys):
    def fails(name):
        raise OSError("first\n    second")

    monkeypatch.setattr(doctor, "import_module", fails)
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == "error: MXNet cannot be imported: first second\n"


def test_gpus_are_named(monkeypatch):
    there = [Gpu("T4", 7, 5), Gpu("H100", 9, 0)]
    monkeypatch.setattr(doctor.cuda, "gpus", lambda: there)
    assert doctor._gpus(True) == (
        "T4 (compute capability 7.5), H100 (compute capability 9.0, for which MXNet has no code)"
    )
    assert doctor._gpus(False) == "none: this MXNet is a CPU build"
    there.clear()
    assert doctor._gpus(True) == "none: the driver names none"


@pytest.mark.fault
def test_a_damaged_file_of_the_cache_is_told_and_left_there(editions, cache, capsys):
    editions(official=[FOLDER])
    obtain(EDITIONS["official"], edition_folder(EDITIONS["official"]))
    assert cli.main(["doctor"]) == 0
    [path] = cache.rglob("t10k-labels-idx1-ubyte")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    before = sorted(cache.rglob("*"))
    capsys.readouterr()
    assert cli.main(["doctor"]) == 1
    assert f"error: the cache of the official edition: {path}" in capsys.readouterr().err
    assert sorted(cache.rglob("*")) == before


@pytest.mark.fault
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("numpy", "error: numpy is not installed; type: pip install numpy"),
        ("mxnet", "MXNet cannot be imported"),
    ],
)
def test_a_package_that_is_gone_is_one_line(name, words):
    program = f"""
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: None if name == {name!r} else find(name, *args)
sys.argv = ["gluon_softmax", "doctor"]
import runpy
runpy.run_module("gluon_softmax", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
