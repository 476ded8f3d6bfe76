"""d2lzh: its old name, its pictures, and its choice of a GPU."""

import pytest
from isolated import run_code, run_script

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

    applied = run_code(USE)
    assert ("set_matplotlib_formats IPython 9," in applied) == (IPython.version_info >= (9,))
    assert "mxnet with scipy.sparse SciPy 1.8," in applied


@pytest.mark.slow
def test_ipython_is_patched_in_a_notebook_where_it_is_imported_before_us():
    run_code("import IPython.display\n" + USE)


def test_gluonbook_is_d2lzh(tmp_path):
    done = run_script(
        """
import gluon_softmax
import gluonbook as gb
import d2lzh as d2l
from mxnet import nd
assert gb.sgd is d2l.sgd and gb.plt is d2l.plt and gb.__name__ == "gluonbook"
y = nd.array([2, 0, 1], dtype="int32")
print(gb.accuracy(nd.array([[0.1, 0.2, 0.7], [0.9, 0.1, 0], [0.6, 0.3, 0.1]]), y))
print(d2l.__spec__.name, hasattr(d2l, "accuracy"))
""",
        tmp_path,
    )
    assert done.stdout == "0.6666667\nd2lzh False\n", done.stderr


def test_a_real_gluonbook_goes_first(tmp_path):
    (tmp_path / "gluonbook.py").write_text("real = True\n")
    done = run_script("import gluon_softmax\nimport gluonbook\nprint(gluonbook.real)\n", tmp_path)
    assert done.stdout == "True\n", done.stderr


CHOICES = """
import gluon_softmax
from types import SimpleNamespace
from gluon_softmax.compat import cuda
import d2lzh as d2l
import mxnet as mx
def array(values, ctx):
    # As on a real GPU, a copy needs no machine code.
    if ctx.device_type == "gpu" and ctx.device_id >= {there}:
        raise mx.MXNetError("no such GPU")
d2l.utils.nd = SimpleNamespace(array=array)
cuda.gpus = lambda: [cuda.Gpu(f"G{{major}}", major, 0) for major in {majors}]
for name in ("try_gpu", "try_all_gpus"):
    print(getattr(d2l, name)(), getattr(d2l.utils, name)())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("majors", "one", "several", "said"),
    [
        ([], "cpu(0)", "[cpu(0)]", []),
        ([7, 8], "gpu(0)", "[gpu(0), gpu(1)]", []),
        ([9], "cpu(0)", "[cpu(0)]", [(0, 9)]),
        ([8, 9, 7], "gpu(0)", "[gpu(0), gpu(2)]", [(1, 9)]),
        ([12, 9, 7], "cpu(0)", "[gpu(2)]", [(0, 12), (1, 9)]),
    ],
)
def test_d2lzh_chooses_no_gpu_without_code(majors, one, several, said, tmp_path):
    done = run_script(CHOICES.format(majors=majors, there=len(majors)), tmp_path)
    assert done.stdout == f"{one} {one}\n{several} {several}\n", done.stderr
    # Each once.
    assert done.stderr == "".join(
        f"d2l.try_gpu: MXNet's CUDA builds have no code for GPU {index} (G{major}, compute "
        f"capability {major}.0); they support 5.0 to 8.9\n"
        for index, major in said
    )
