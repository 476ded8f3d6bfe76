"""The import hook."""

import numpy as np
import pytest
from isolated import run_code, run_script


def test_importing_the_package_is_light():
    assert (
        run_code("""
        import sys
        import gluon_softmax
        heavy = {"mxnet", "d2lzh", "IPython", "matplotlib", "scipy", "setuptools", "distutils"}
        print(sorted(heavy & set(sys.modules)))
        """)
        == "[]\n"
    )


def test_applying_twice_changes_nothing():
    assert (
        run_code("""
        import sys
        from gluon_softmax import compat
        before = compat.applied(), list(sys.meta_path)
        compat.apply_patches()
        print((compat.applied(), sys.meta_path) == before)
        """)
        == "True\n"
    )


def test_modules_imported_before_are_patched():
    printed = run_code("""
        import sys
        import types
        before = types.ModuleType("d2lzh")
        before.__file__ = "d2lzh/__init__.py"
        before.show_fashion_mnist = before.try_gpu = before.try_all_gpus = print
        before.utils = before
        # A folder of this name that is not the package.
        sys.modules.update(d2lzh=before, mxnet=types.ModuleType("mxnet"))
        import gluon_softmax
        print(*(patch.name for patch in gluon_softmax.compat.applied()), sep=", ")
        """)
    assert printed == (
        "d2lzh.show_fashion_mnist in a terminal, "
        "d2lzh.try_gpu with a GPU that MXNet has no code for\n"
    )


def test_it_can_be_switched_off():
    printed = run_code(
        """
        import sys
        before = list(sys.meta_path)
        import gluon_softmax
        print(sys.meta_path == before, gluon_softmax.compat.considered())
        """,
        GLUON_SOFTMAX_COMPAT="0",
    )
    assert printed == "True ()\n"


def test_the_package_itself_warns_of_nothing():
    assert run_code("import gluon_softmax", "-W", "error", "-X", "dev") == ""


def test_no_warning_is_hidden():
    printed = run_code("""
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
    printed = run_code("import gluon_softmax, mxnet", "-W", "always")
    old = np.__version__ < "2"
    assert printed.count("NEP 32") == (6 if old else 0)


@pytest.mark.slow
def test_an_import_of_this_package_after_a_failed_one(tmp_path):
    program = """
try:
    import mxnet
except Exception as error:
    print(type(error).__name__)
import gluon_softmax
import mxnet as mx
import d2lzh as d2l
print(mx.nd.ones((2,)).asnumpy(), d2l.try_gpu(), len(gluon_softmax.compat.considered()) > 30)
try:
    mx.nd.ones((2,), ctx=mx.gpu())
except mx.MXNetError as error:
    print(str(error)[:20])
"""
    done = run_script(program, tmp_path)
    said = done.stdout.splitlines()
    # Where MXNet can be imported without this package, the first import succeeds.
    assert said[-2:] == ["[1. 1.] cpu(0) True", "no usable GPU: use d"], done.stderr
    assert len(said) in (2, 3)
