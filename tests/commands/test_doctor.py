import importlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import mxnet
import numpy as np
import pytest
from program import ROOT, Pipe
from server import FOLDER

from gluon_softmax.commands import doctor
from gluon_softmax.commands import main as cli
from gluon_softmax.compat.cuda import Gpu
from gluon_softmax.data.cache import cache_root, edition_folder, obtain
from gluon_softmax.data.editions import EDITIONS
from gluon_softmax.reproduction import environment


def test_it_prints_what_a_bug_report_needs(cache, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "10000")
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr()
    lines = [line.split(maxsplit=1) for line in said.out.splitlines()]
    reported = dict(lines)
    patches = " ".join(value for name, value in lines if name == "patches")
    assert reported["python"] == "CPython {}, 64 bits".format(platform.python_version())
    assert reported["numpy"] == np.__version__
    assert reported["mxnet"].startswith(mxnet.__version__)
    assert "OPENMP" in reported["features"]
    assert reported["GPUs"] == "none: this MXNet is a CPU build"
    assert "numpy.bool" in patches or "mxnet with scipy" in patches
    assert reported["cache"] == str(cache_root())
    assert ["edition", "official: 0 of 4 files"] in lines
    assert "no problems found" in said.out + said.err
    if sys.platform == "linux":
        libraries = [Path(path).name for name, path in lines if name == "library"]
        assert {"libmxnet.so"} < set(libraries)
        for library in ("libgomp", "libquadmath"):
            assert any(name.startswith(library) for name in libraries)
        assert not any(name.startswith("libc.so") for name in libraries)


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


def test_missing_packages_are_problems(cache, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "versions", lambda: {"python": "3", "no_such_thing": "unknown"})
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert line.startswith("error: no_such_thing is not installed in this Python (")
    assert "no problems found" not in said.out + said.err


@pytest.mark.parametrize("name", ["d2lzh", "matplotlib", *doctor.NEEDED])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError, "{name} is not installed in this Python ("),
        (ImportError, "{name} is installed, but cannot be imported (it is broken): install"),
        (AttributeError, "{name} cannot be imported: it is broken"),
    ],
)
def test_packages_of_single_commands_are_imported_too(
    name, error, words, cache, monkeypatch, capsys
):
    def broken(each):
        if each == name:
            more = {"name": name} if issubclass(error, ImportError) else {}
            raise error("it is broken\n\nand more", **more)
        return importlib.import_module(each)

    monkeypatch.setattr(doctor, "import_module", broken)
    assert cli.main(["doctor"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: " + words.format(name=name))


def test_a_package_without_its_description(cache, monkeypatch, capsys):
    """An empty version, which importlib returns as None."""
    monkeypatch.setattr(environment, "package_version", lambda name: None)
    assert cli.main(["doctor"]) == 0
    assert f"numpy        {np.__version__}\n" in capsys.readouterr().out


def test_a_library_that_is_missing_is_reported_as_elsewhere(cache, monkeypatch, capsys):
    def fails(name):
        if name == "mxnet":
            raise OSError("libopenblas.so.0: cannot open shared object file: No such file")

    monkeypatch.setattr(doctor, "import_module", fails)
    assert cli.main(["doctor"]) == 1
    assert "MXNet's own libopenblas.so.0 is missing: install mxnet again" in capsys.readouterr().err


def test_each_line_is_printed_at_once(cache, monkeypatch):
    """Because a later finding may hang or end the process."""
    monkeypatch.setenv("COLUMNS", "10000")
    monkeypatch.setattr(sys, "stdout", Pipe())
    doctor.run([])
    assert sys.stdout.at_once[:8] == sys.stdout.text.splitlines()[:8]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_libraries_in_a_folder_whose_name_is_no_word(tmp_path, monkeypatch):
    maps = tmp_path / "maps"
    maps.write_bytes(
        b"7f00-7f01 r--p 00000000 fe:00 1  /a b/libgomp.so.1\n"
        b"7f00-7f01 r--p 00000000 fe:00 1  /d\xff/libmxnet.so\n"
        b"7f00-7f01 r--p 00000000 fe:00 1  /lib/libc.so.6\n"
    )
    monkeypatch.setattr(doctor, "Path", lambda path: maps)
    assert doctor._libraries() == ["/a b/libgomp.so.1", "/d\ufffd/libmxnet.so"]


def test_it_looks_for_all_that_the_project_asks_for():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    asked = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE).group(1)
    names = {re.match(r"[\w-]+", line).group() for line in re.findall(r'"(.*)"', asked)}
    # Installed for their libraries, which doctor lists.
    names -= {"pykdtree", "scikit-learn", "cmeel-openblas"}
    # Imported under another name.
    names = (names - {"pillow"}) | {"PIL"} if "pillow" in names else names
    found = {*doctor.NEEDED, *(name for name in doctor.versions() if name != "python")}
    assert {name.lower().replace("-", "_") for name in names} == {
        name.lower() for name in found - {"mxnet", "d2lzh"}
    }


def test_a_file_of_the_cache_that_cannot_be_read_is_named(cache, monkeypatch, capsys):
    """Also after it was opened, when the error itself does not name it."""

    def fails(edition, path):
        raise OSError(5, "Input/output error")

    path = Path("folder", "file")
    monkeypatch.setattr(doctor, "in_cache", lambda edition: {path: 1})
    monkeypatch.setattr(doctor, "verify_cached", fails)
    assert cli.main(["doctor"]) == 1
    expected = f"edition: {path}: cannot be read (Input/output error)\n"
    assert capsys.readouterr().err.count(expected) == 2


def test_a_cache_that_cannot_be_read_is_wrong_and_the_rest_is_printed(cache, monkeypatch, capsys):
    def in_cache(edition):
        if edition.name == "official":
            raise PermissionError(13, "Permission denied", "folder")
        return {}

    monkeypatch.setattr(doctor, "in_cache", in_cache)
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    expected = (
        "error: the cache of the official edition: folder: cannot be read (Permission denied)\n"
    )
    assert said.err == expected
    assert "mxnet: 0 of 4 files" in said.out


def test_any_error_of_an_import_is_one_line(cache, monkeypatch, capsys):
    def fails(name):
        if name == "mxnet":
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
    assert doctor._gpus(True) == "none: NVIDIA's driver reports none"


def test_a_gpu_that_mxnet_has_no_code_for_is_wrong(cache, monkeypatch, capsys):
    monkeypatch.setattr(doctor.cuda, "gpus", lambda: [Gpu("T4", 7, 5), Gpu("H200", 9, 0)])
    # A CPU build uses neither.
    assert cli.main(["doctor"]) == 0
    kind = mxnet.runtime.Features
    enabled = kind.is_enabled
    monkeypatch.setattr(kind, "is_enabled", lambda *args: args[1] == "CUDA" or enabled(*args))
    capsys.readouterr()
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "H200 (compute capability 9.0, for which MXNet has no code)" in said.out
    assert said.err == (
        "error: MXNet's CUDA builds have no code for GPU 1 (H200, compute capability 9.0); they "
        "support 5.0 to 8.9: --ctx gpu:1 does not work, --ctx cpu does\n"
    )


@pytest.mark.parametrize("columns", [80, 110])
def test_lists_are_wrapped_to_the_terminals_width(columns, cache, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    doctor.run([])
    lines = capsys.readouterr().out.splitlines()
    lists = [line for line in lines if line.startswith(("features", "patches", " "))]
    assert max(map(len, lists)) <= columns
    assert any(line.startswith(13 * " ") and line[13] != " " for line in lists)
    # Everything is printed, in the same order.
    monkeypatch.setenv("COLUMNS", "10000")
    doctor.run([])
    whole = [line for line in capsys.readouterr().out.splitlines() if line[:8] == "features"]
    kept = " ".join(lists).split()
    assert kept[: len(whole[0].split())] == whole[0].split()


def test_a_damaged_file_of_the_cache_is_reported_and_left_there(editions, cache, capsys):
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


BREAK = """
import sys
from importlib.machinery import ModuleSpec, PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: {broken} if name == {name!r} else find(name, *args)
# Like site-packages: after the current folder, whose files hide packages there.
sys.path.insert(1, {folder!r})
sys.argv = ["gluon_softmax", *{argv!r}]
import runpy
runpy.run_module("gluon_softmax", run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize("argv", [["doctor"], ["compare", "--data-dir", "tests/data"]])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("numpy", None, "is not installed in this Python ("),
        ("mxnet", None, "is not installed in this Python ("),
        ("numpy", "", "is installed, but cannot be imported (its folder has no __init__.py): "),
        ("mxnet", "", "is installed, but cannot be imported (its folder has no __init__.py): "),
        (
            "numpy",
            "raise ImportError('no core\\n\\nand more')",
            "is installed, but cannot be imported (no core): install it again, for example "
            "by: pip install --force-reinstall --no-deps numpy",
        ),
        ("tqdm", "from . import part", "is installed, but cannot be imported (cannot import name"),
    ],
)
def test_a_package_that_is_missing_or_broken_is_one_line(name, content, words, argv, tmp_path):
    broken = "find(name, *args)"
    if content is None:
        broken = "None"
    elif content == "":
        broken = "ModuleSpec(name, None)"
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(content)
    program = BREAK.format(folder=str(tmp_path), argv=argv, name=name, broken=broken)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert done.returncode == 1
    assert done.stderr.count(f"{name} {words}") == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 or argv == ["doctor"]


def test_an_unknown_backend_of_matplotlib_is_no_problem():
    environment = {**os.environ, "MPLBACKEND": "nonsense"}
    done = subprocess.run(
        [sys.executable, "-m", "gluon_softmax", "doctor"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "matplotlib" not in done.stderr
