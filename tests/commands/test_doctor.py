import subprocess
import sys
from pathlib import Path

import mxnet
import numpy as np
import pytest

from gluon_softmax.commands import main as cli
from gluon_softmax.data.cache import cache_root


def test_it_tells_what_there_is(cache, capsys):
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr()
    lines = [line.split(maxsplit=1) for line in said.out.splitlines()]
    told = dict(lines)
    assert told["python"].startswith("CPython {}.{}.{}, ".format(*sys.version_info))
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
        assert any(name.startswith("libgomp") for name in libraries)


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
