"""The compatibility patches, each in its own process, which they change for good."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from gluon_softmax import compat

ROOT = Path(__file__).parents[2]
# Every name that MXNet 1.9.1 looks up in NumPy and some NumPy lacks, by the last that has it: found
# by watching MXNet's import, and by asking each NumPy from 1.23 to 2.5 for what MXNet's source
# takes from it.
LAST = {
    (1, 23): ["bool", "int"],
    (1, 26): [
        *("Inf", "NAN", "NINF", "NZERO", "NaN", "PINF", "PZERO"),
        *("alltrue", "compat", "msort", "product", "round_", "sometrue"),
        *("mirr", "npv", "pmt", "ppmt", "pv", "rate"),
    ],
    (2, 3): ["in1d", "trapz"],
}


old_names = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def run(code, *options, **variables):
    """Run Python code in a new process and give what it prints, standard error included."""
    result = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "agg", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_importing_the_package_is_light():
    assert (
        run("""
        import sys
        import gluon_softmax
        heavy = {"mxnet", "d2lzh", "IPython", "matplotlib", "scipy", "setuptools", "distutils"}
        print(sorted(heavy & set(sys.modules)))
        """)
        == "[]\n"
    )


def test_numpy_gets_what_it_lacks_and_nothing_else():
    version = tuple(int(number) for number in np.__version__.split(".")[:2])
    printed = run("""
        import numpy as np
        before = dict(vars(np))
        import gluon_softmax
        after = dict(vars(np))
        assert all(after[name] is before[name] for name in before)
        print(*sorted(set(after) - set(before)))
        print(*sorted(patch.name for patch in gluon_softmax.compat.applied()))
        """)
    added, applied = (line.split() for line in printed.splitlines())
    lacking = {name for last, names in LAST.items() if version > last for name in names}
    if version >= (2, 0):
        lacking.remove("bool")  # It came back.
    assert set(added) == lacking
    assert set(applied) == {f"numpy.{name}" for name in lacking}


@old_names
@pytest.mark.parametrize(
    ("old", "new"),
    [("product", "prod"), ("alltrue", "all"), ("sometrue", "any"), ("round_", "round")],
)
def test_numpy_names_have_their_old_meaning(old, new):
    numbers = np.array([[0.4, 1.6, 0.0], [2.5, -3.5, 1.0]])
    assert np.array_equal(getattr(np, old)(numbers), getattr(np, new)(numbers))


@old_names
def test_numpy_functions_have_their_old_meaning():
    # By the examples in NumPy 1.23's documentation.
    assert np.msort(np.array([[1, 4], [3, 1]])).tolist() == [[1, 1], [3, 4]]
    assert np.in1d([[0, 1], [2, 5], [0, 0]], [0, 2]).tolist() == [
        True,
        False,
        True,
        False,
        True,
        True,
    ]
    assert np.in1d([0, 1, 2], [0, 2], invert=True).tolist() == [False, True, False]
    assert np.trapz([1, 2, 3], x=[4, 6, 8]) == 8.0
    assert [np.PINF, -np.NINF, 1 / np.PINF, np.Inf] == [np.inf, np.inf, np.PZERO, np.inf]
    assert np.signbit(np.NZERO)
    assert np.isnan([np.NaN, np.NAN]).all()


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1.26 has its own")
def test_numpy_financial_functions_say_where_they_went():
    with pytest.raises(RuntimeError, match="numpy-financial"):
        np.npv(0.1, [1, 2])


def test_applying_twice_changes_nothing():
    assert (
        run("""
        import sys
        from gluon_softmax import compat
        before = compat.applied(), list(sys.meta_path)
        compat.apply_patches()
        print((compat.applied(), sys.meta_path) == before)
        """)
        == "True\n"
    )


def test_every_patch_names_what_broke_it():
    import gluonbook  # noqa: F401
    import mxnet  # noqa: F401

    causes = {"NumPy", "Python", "IPython", "SciPy", "minimal", "d2lzh", "MXNet", "MXNet's"}
    causes |= {"NVIDIA", "no"}
    assert {patch.broken_by.split()[0] for patch in compat.considered()} <= causes
    assert all(patch.name for patch in compat.considered())
    assert set(compat.applied()) == {patch for patch in compat.considered() if patch.applies}
    assert len({patch.name for patch in compat.considered()}) == len(compat.considered())


USE = """
import io
import gluon_softmax
import d2lzh as d2l
import mxnet as mx
d2l.use_svg_display()
d2l.show_fashion_mnist(mx.nd.zeros((2, 28, 28, 1)), ["a", "b"])
picture = io.StringIO()
d2l.plt.savefig(picture, format="svg")
assert picture.getvalue().count("<image") == 2
print(*(f"{patch.name} {patch.broken_by}," for patch in gluon_softmax.compat.applied()))
"""


def test_d2lzh_works():
    import IPython

    applied = run(USE)
    assert ("set_matplotlib_formats IPython 9," in applied) == (IPython.version_info >= (9,))
    assert "mxnet with scipy.sparse SciPy 1.8," in applied


@pytest.mark.slow
def test_ipython_is_patched_in_a_notebook_where_it_is_imported_before_us():
    run("import IPython.display\n" + USE)


IMPORT = "import gluon_softmax, mxnet\nprint(gluon_softmax.compat.applied())\n"
NO_SETUPTOOLS = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "_distutils_hack" not in str(finder)]
sys.modules["setuptools"] = None
"""


@pytest.mark.slow
def test_distutils_where_there_is_none():
    applied = run(NO_SETUPTOOLS + IMPORT)
    assert ("name='distutils', broken_by='Python 3.12'" in applied) == (sys.version_info >= (3, 12))


def test_distutils_where_setuptools_has_one():
    pytest.importorskip("setuptools")
    assert "distutils" not in run(IMPORT)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has its own")
def test_distutils_compares_as_setuptools_does():
    pytest.importorskip("setuptools")
    compare = """
from distutils.version import LooseVersion, StrictVersion
versions = ["1.6.0", "1.15", "1.17", "1.26.4", "2.0.0", "2.5.5", "10.0"]
for kind in (LooseVersion, StrictVersion):
    print([[kind(a) >= kind(b), kind(a) < kind(b)] for a in versions for b in versions])
"""
    ours = run(NO_SETUPTOOLS + "import gluon_softmax, mxnet\n" + compare)
    assert ours == run("import warnings; warnings.simplefilter('ignore')\n" + compare)


@pytest.mark.slow
def test_scipy_is_untouched_after_mxnet():
    assert (
        run("""
        import sys
        import gluon_softmax, mxnet as mx
        assert not {"scipy", "scipy.stats", "scipy.sparse"} & set(sys.modules)
        import warnings
        warnings.simplefilter("error")
        print(mx.nd.array([1, 2]).asnumpy())
        import scipy.sparse
        from scipy import stats
        print(scipy.sparse.eye(2).sum(), stats.norm.cdf(0))
        """)
        == "[1. 2.]\n2.0 0.5\n"
    )


SPARSE = """
import numpy as np
dense = np.array([[0, 1.5, 0], [2.5, 0, 0]], "float32")
theirs = scipy.sparse.csr_matrix(dense)
ours = mx.nd.sparse.csr_matrix(theirs)
assert ours.dtype == np.float32 and (ours.asnumpy() == dense).all()
assert (mx.nd.array(theirs).asnumpy() == dense).all()
assert mx.nd.array(theirs).stype == "csr"
back = ours.asscipy()
assert type(back) is type(theirs) and (back != theirs).nnz == 0
coordinates = ([1.5, 2.5], ([0, 1], [1, 0]))
assert (mx.nd.sparse.csr_matrix(coordinates, shape=(2, 3)).asnumpy() == dense).all()
buckets, probabilities = mx.test_utils.gen_buckets_probs_with_ppf(mx.test_utils.ss.norm.ppf, 5)
assert abs(buckets[1][1] - scipy.stats.norm.ppf(0.4)) < 1e-12
assert mx.contrib.quantization.stats.norm.ppf(0.4) == scipy.stats.norm.ppf(0.4)
"""


@pytest.mark.slow
def test_scipy_that_is_there_before_us_is_left_alone():
    run(
        """
import scipy.sparse, scipy.stats
modules = scipy.sparse, scipy.stats
import sys
import gluon_softmax, mxnet as mx
assert (sys.modules["scipy.sparse"], sys.modules["scipy.stats"]) == modules
assert mx.test_utils.ss is scipy.stats
"""
        + SPARSE
    )


@pytest.mark.slow
def test_mxnet_finds_scipy_when_it_is_asked_for_it():
    run("import gluon_softmax, mxnet as mx\nimport scipy.sparse, scipy.stats\n" + SPARSE)


@pytest.mark.slow
def test_without_scipy_mxnet_says_so():
    printed = run("""
        import sys
        sys.modules["scipy"] = None
        import gluon_softmax, mxnet as mx
        try:
            mx.nd.sparse.csr_matrix((2, 3)).asscipy()
        except ImportError as error:
            print(error)
        """)
    assert "scipy could not be imported" in printed


def test_it_can_be_switched_off():
    printed = run(
        """
        import sys
        before = list(sys.meta_path)
        import gluon_softmax
        print(sys.meta_path == before, gluon_softmax.compat.considered())
        """,
        GLUON_SOFTMAX_REVIVE="0",
    )
    assert printed == "True ()\n"


def test_the_package_itself_warns_of_nothing():
    assert run("import gluon_softmax", "-W", "error", "-X", "dev") == ""


def test_no_warning_is_hidden():
    printed = run("""
        import numpy as np
        import warnings
        before = list(warnings.filters), warnings.showwarning
        import gluon_softmax
        assert (warnings.filters, warnings.showwarning) == before
        import mxnet
        np.array([1.0]) / 0
        warnings.warn("another")
        """)
    assert "RuntimeWarning: divide by zero" in printed
    assert "UserWarning: another" in printed


def test_no_warning_of_mxnet_is_hidden():
    # NumPy 1.24 to 1.26 warn of the financial functions that MXNet copies: no patch hides it.
    printed = run("import gluon_softmax, mxnet", "-W", "always")
    old = np.__version__ < "2"
    assert printed.count("NEP 32") == (6 if old else 0)


WORKERS = """
import gluon_softmax
import mxnet as mx
from mxnet.gluon.data import ArrayDataset, DataLoader
for X, y in DataLoader(ArrayDataset(mx.nd.ones((6, 2)), [0, 1, 2, 3, 4, 5]), 3, num_workers=2):
    print(X.shape, y.asnumpy().tolist())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of Linux, where processes are forked")
def test_mxnets_own_worker_processes():
    assert run(WORKERS).splitlines() == ["(3, 2) [0, 1, 2]", "(3, 2) [3, 4, 5]"]
