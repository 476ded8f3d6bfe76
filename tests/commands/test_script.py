"""The commands run and compat, and the pictures of a plain script."""

import os
import subprocess
import sys
from multiprocessing import get_all_start_methods

import pytest
from program import AS_USER, ROOT, as_user

from gluon_softmax.commands import main as cli

CODE = """
import sys
from multiprocessing import get_all_start_methods
import helper
import d2lzh as d2l
print(sys.argv[1:], helper.here, __name__, d2l.load_data_fashion_mnist.__module__)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "helper.py").write_text("here = True\n")
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path / "mine.py"


def run(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "gluon_softmax", "run", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_debug_before_the_command(tmp_path, capsys):
    missing = tmp_path / "mine.py"
    assert cli.main(["--debug", "run", str(missing)]) == 2
    assert capsys.readouterr().err == f"error: '{missing}': no such file\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "module"),
    [([], "d2lzh.utils"), (["--fast"], "gluon_softmax.training.loader")],
)
def test_a_script_runs_as_it_is(script, options, module, tmp_path):
    done = run(*options, script, 3, "--debug", "--time", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == f"['3', '--debug', '--time'] True __main__ {module}\n"
    assert done.stderr == ""


def test_how_long_it_took(script, tmp_path):
    done = run("--time", script, 0, cwd=tmp_path)
    assert done.returncode == 0
    name, seconds, unit = done.stderr.split()
    assert (name, unit) == (f"{script}:", "s")
    assert 0 < float(seconds) < 120


def test_its_errors_are_its_own(tmp_path):
    (tmp_path / "wrong.py").write_text("1 / 0\n")
    done = run("wrong.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert done.stderr.splitlines()[1] == '  File "wrong.py", line 1, in <module>'


def test_it_knows_its_file_as_python_does(tmp_path):
    code = "import os, sys\nos.chdir('/')\nprint(__file__, sys.argv, sys.path[0])\n"
    (tmp_path / "where.py").write_text(code)
    done = run("where.py", 1, cwd=tmp_path)
    plain = subprocess.run(
        [sys.executable, "where.py", "1"], cwd=tmp_path, capture_output=True, text=True
    )
    expected = f"{tmp_path / 'where.py'} ['where.py', '1'] {tmp_path}\n"
    assert done.stdout == plain.stdout == expected


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted({*get_all_start_methods()} - {"fork"}))
def test_processes_inherit_the_environment(method, tmp_path):
    """Workers import the script again, and with it MXNet, but not this package."""
    code = f"""
import multiprocessing
import mxnet as mx

def double(x):
    return (2 * mx.nd.array([x])).asscalar()

if __name__ == "__main__":
    multiprocessing.set_start_method({method!r})
    with multiprocessing.Pool(1) as pool:
        print(pool.map(double, [1, 2]), double.__module__)
"""
    (tmp_path / "own.py").write_text(code)
    done = run("own.py", cwd=tmp_path)
    assert done.stdout.endswith("2.0), np.float32(4.0)] __main__\n") or done.stdout == (
        "[2.0, 4.0] __main__\n"
    ), done.stderr


NOTEBOOK = """
#!/usr/bin/env python
# coding: utf-8
# In[1]:
get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().magic(u'matplotlib inline')
import time
import helper
start = time.clock()
# In[2]:
x = 3
get_ipython().run_cell_magic('time', '', 'y = x + 1\\nz = helper.here\\n')
print(y, z, time.clock() >= start, sum(range(10**6)) > 0 and time.clock() > start)
import IPython
print(IPython.get_ipython() is get_ipython(), __name__, open is vars(__builtins__)["open"])
get_ipython().system('echo and the shell')
exit(4)
"""


def test_a_script_that_was_exported_from_a_notebook(script, tmp_path):
    (tmp_path / "notebook.py").write_text(NOTEBOOK)
    plain = subprocess.run(
        [sys.executable, "notebook.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "NameError: name 'get_ipython' is not defined" in plain.stderr
    done = run("notebook.py", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-3:] == ["4 True True True", "True __main__ True", "and the shell"]
    assert any(line.startswith("Wall time") for line in lines)
    assert done.stderr == ""


def test_a_script_without_magics_loads_no_ipython(tmp_path):
    (tmp_path / "plain.py").write_text(
        "import sys\nprint('IPython' in sys.modules, 'get' + '_ipython' in dir(__builtins__))\n"
    )
    assert run("plain.py", cwd=tmp_path).stdout == "False False\n"


WITHOUT = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: None if name == {missing!r} else find(name, *args)
from gluon_softmax.commands.main import main
sys.exit(main(["run", "mine.py"]))
"""


@pytest.mark.parametrize(
    ("missing", "code", "said"),
    [
        ("mxnet", "from mxnet import nd", "mxnet is not installed"),
        ("mxnet", "import d2lzh as d2l", "mxnet is not installed"),
        ("d2lzh", "import gluonbook as gb", "d2lzh is not installed"),
    ],
)
def test_without_a_package_of_ours_it_is_one_line(missing, code, said, tmp_path):
    (tmp_path / "mine.py").write_text(f"print('begins')\n{code}\n")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=missing)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (1, "begins\n")
    assert done.stderr.startswith(f"error: {said}"), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_module_of_its_own_that_is_missing_is_its_own_error(tmp_path):
    """No package of that name can be installed either."""
    (tmp_path / "mine.py").write_text("import my_own_helper\n")
    done = run("mine.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'my_own_helper'\n")
    assert done.stderr.splitlines()[1] == '  File "mine.py", line 1, in <module>'


def test_an_error_of_this_package_is_one_line(tmp_path):
    (tmp_path / "mine.py").write_text("import mxnet\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MXNET_ENGINE_TYPE", "Foo")
        done = run("mine.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: MXNET_ENGINE_TYPE is 'Foo' in the environment: unset it")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: SCRIPT.py"),
        (["--fst", "x.py"], "unknown option '--fst', did you mean '--fast'?"),
        (["nothing.py"], "'nothing.py': no such file"),
        ([""], "'': no such file"),
        (["."], "'.': a folder, not a script"),
    ],
)
def test_nothing_to_run(words, said, capsys):
    assert cli.main(["run", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


@as_user
@pytest.mark.posix
@pytest.mark.parametrize("what", ["script", "folder"])
def test_a_script_that_nobody_may_read(what, script, tmp_path):
    shut = script if what == "script" else tmp_path
    shut.chmod(0)
    done = subprocess.run(
        [*AS_USER, sys.executable, "-m", "gluon_softmax", "run", str(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    shut.chmod(0o755)
    expected = f"error: '{script}': cannot be read (Permission denied)\n"
    assert (done.returncode, done.stderr) == (2, expected)


@pytest.mark.parametrize("columns", [80, 110])
def test_compat_lists_every_patch(columns, capsys, monkeypatch):
    from gluon_softmax import compat

    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.main(["compat"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= columns
    # The rest of a wrapped line is indented below its patches.
    rows = []
    for line in shown:
        if line.startswith(40 * " "):
            rows[-1][2] += " " + line.strip()
        else:
            rows.append([line[:26].rstrip(), line[26:40].strip(), line[40:]])
    assert rows[0] == ["broken by", "applies here", "patch"]
    assert {row[1] for row in rows[1:]} == {"yes", "no"}
    considered = {
        (name, broken_by, here == "yes")
        for broken_by, here, names in rows[1:]
        for name in names.split(", ")
    }
    assert considered == set(map(tuple, compat.considered()))
    assert "Python 3.8" in {row[0] for row in rows if "time.clock" in row[2]}


def test_patches_that_are_switched_off(capsys, monkeypatch):
    monkeypatch.setenv("GLUON_SOFTMAX_COMPAT", "0")
    assert cli.main(["compat"]) == 0
    out = capsys.readouterr().out
    assert out == "no patches are applied: GLUON_SOFTMAX_COMPAT=0 is in the environment\n"


TERMINAL = """
import pty, sys
sys.exit(pty.spawn([sys.executable, "shows.py"]) >> 8)
"""
SHOWS = """
import gluon_softmax
import d2lzh as d2l
import mxnet as mx
d2l.show_fashion_mnist(mx.nd.zeros((2, 28, 28, 1)), ["a", "b"])
gluon_softmax.show_fashion_mnist(mx.nd.zeros((3, 28, 28, 1)), ["a", "b", "c"])
"""


def has_terminals():
    try:
        for end in os.openpty():
            os.close(end)
    except (AttributeError, OSError):
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not has_terminals(), reason="no terminal to be had")
def test_pictures_of_a_plain_script_are_in_files(tmp_path):
    (tmp_path / "shows.py").write_text(SHOWS)
    (tmp_path / "fashion-mnist-2.png").write_bytes(b"mine")
    # Its output is a pipe; the note goes to standard error.
    done = subprocess.run(
        [sys.executable, "-c", TERMINAL],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout.replace("\r", "").splitlines()
    assert said == [
        "the picture is in fashion-mnist-1.png",
        "the picture is in fashion-mnist-3.png",
    ]
    for number in (1, 3):
        assert (tmp_path / f"fashion-mnist-{number}.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "fashion-mnist-2.png").read_bytes() == b"mine"


@pytest.mark.slow
def test_where_there_is_no_terminal_no_file_is_written(tmp_path):
    (tmp_path / "shows.py").write_text(SHOWS)
    done = run("shows.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["shows.py"]
