import mxnet as mx
import pytest

from gluon_softmax.errors import UsageError
from gluon_softmax.training.context import get_context


def test_cpu():
    assert get_context("cpu") == mx.cpu()


def test_auto_is_the_first_gpu_if_there_is_one():
    assert get_context("auto") == (mx.gpu(0) if mx.context.num_gpus() else mx.cpu())


@pytest.mark.bad_input
@pytest.mark.parametrize("name", ["", "tpu", "gpu:", "gpu:-1", "gpu:x", "GPU", "cpu:0", "gpu:0 "])
def test_other_names(name):
    with pytest.raises(UsageError, match="choose auto, cpu, gpu or gpu:N"):
        get_context(name)


@pytest.mark.bad_input
def test_a_gpu_that_is_not_there():
    with pytest.raises(UsageError, match=r"gpu:99: MXNet finds .* --ctx cpu works anywhere"):
        get_context("gpu:99")


def test_gpus_by_number(monkeypatch):
    monkeypatch.setattr(mx.context, "num_gpus", lambda: 2)
    assert get_context("auto") == get_context("gpu") == mx.gpu(0)
    assert get_context("gpu:1") == mx.gpu(1)
    assert get_context("cpu") == mx.cpu()
    with pytest.raises(UsageError, match="gpu:2: MXNet finds 2 GPUs here"):
        get_context("gpu:2")


@pytest.mark.fault
def test_a_cuda_build_without_a_driver(monkeypatch):
    def num_gpus():
        raise mx.MXNetError("no CUDA-capable device is detected")

    monkeypatch.setattr(mx.context, "num_gpus", num_gpus)
    assert get_context("auto") == mx.cpu()
    with pytest.raises(UsageError, match="MXNet finds no GPU here"):
        get_context("gpu")
