import mxnet as mx
import pytest

from gluon_softmax.compat.cuda import Gpu
from gluon_softmax.errors import UsageError
from gluon_softmax.training import context
from gluon_softmax.training.context import get_context, get_contexts


def test_cpu():
    assert get_context("cpu") == mx.cpu()


def test_auto_is_the_first_gpu_if_there_is_one():
    assert get_context("auto") == (mx.gpu(0) if mx.context.num_gpus() else mx.cpu())


@pytest.mark.parametrize("name", ["", "tpu", "gpu:", "gpu:-1", "gpu:x", "GPU", "cpu:x", "gpu:0 "])
def test_other_names(name):
    with pytest.raises(UsageError, match="choose auto, cpu, gpu, cpu:N or gpu:N"):
        get_context(name)
    with pytest.raises(UsageError, match="several of them, separated by commas, or gpu:all"):
        get_contexts(f"cpu:0,{name}")


def test_a_gpu_that_is_not_there():
    with pytest.raises(UsageError, match=r"gpu:99: MXNet finds .*; use --ctx cpu, or"):
        get_context("gpu:99")


@pytest.mark.parametrize("feature", ["CUDA", "CUDNN"])
def test_only_a_cuda_build_asks_the_driver(feature, monkeypatch):
    class Features:
        def is_enabled(self, name):
            return name == feature

    monkeypatch.setattr(context.mx.runtime, "Features", Features)
    monkeypatch.setattr(context.cuda, "gpus", lambda: [Gpu("T4", 7, 5)])
    assert get_context() == (mx.gpu(0) if feature == "CUDA" else mx.cpu())


def test_gpus_by_number(monkeypatch):
    monkeypatch.setattr(context, "_gpus", lambda: [Gpu("T4", 7, 5), Gpu("L4", 8, 9)])
    assert get_context("auto") == get_context("gpu") == mx.gpu(0)
    assert get_context("gpu:1") == mx.gpu(1)
    assert get_context("cpu") == mx.cpu()
    with pytest.raises(UsageError, match="gpu:2: MXNet finds 2 GPUs; use --ctx cpu"):
        get_context("gpu:2")


def test_a_gpu_without_code(monkeypatch, capsys):
    monkeypatch.setattr(context, "_gpus", lambda: [Gpu("H100", 9, 0), Gpu("L4", 8, 9)])
    words = "have no code for GPU 0 (H100, compute capability 9.0); they support 5.0 to 8.9"
    with pytest.raises(UsageError) as raised:
        get_context("gpu")
    assert words in str(raised.value)
    assert get_context("gpu:1") == mx.gpu(1)
    assert capsys.readouterr().err == ""
    assert get_context("auto") == mx.cpu()
    assert words in capsys.readouterr().err


def test_several():
    assert get_contexts("cpu:2,cpu:0") == (mx.cpu(2), mx.cpu(0))
    assert get_contexts("cpu") == (mx.cpu(0),)


def test_all_gpus(monkeypatch):
    monkeypatch.setattr(context, "_gpus", lambda: [Gpu("T4", 7, 5), Gpu("L4", 8, 9)])
    assert get_contexts("gpu:all") == get_contexts("gpu,gpu:1") == (mx.gpu(0), mx.gpu(1))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("cpu:0,cpu", "cpu 0 is named twice"),
        ("cpu,", "--ctx '': choose auto"),
        ("cpu:0,tpu", "--ctx 'tpu': choose auto"),
        ("gpu:all", "gpu:0: MXNet finds 0 GPUs; use --ctx cpu"),
    ],
)
def test_several_that_cannot_be(names, words, monkeypatch):
    monkeypatch.setattr(context, "_gpus", list)
    with pytest.raises(UsageError) as raised:
        get_contexts(names)
    assert words in str(raised.value)


@pytest.mark.parametrize("name", ["cpu:0,cpu:1", "gpu:all"])
def test_where_one_device_is_all(name):
    with pytest.raises(
        UsageError, match="only `python -m scratch` and `python -m concise` train on several"
    ):
        get_context(name)
