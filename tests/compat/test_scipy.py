"""SciPy, which MXNet imports only when it is used."""

import pytest
from isolated import run_code


@pytest.mark.slow
def test_scipy_is_untouched_after_mxnet():
    assert (
        run_code("""
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
    run_code(
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
    run_code("import gluon_softmax, mxnet as mx\nimport scipy.sparse, scipy.stats\n" + SPARSE)


@pytest.mark.slow
def test_without_scipy_mxnet_says_so():
    printed = run_code("""
        import sys
        sys.modules["scipy"] = None
        import gluon_softmax, mxnet as mx
        try:
            mx.nd.sparse.csr_matrix((2, 3)).asscipy()
        except ImportError as error:
            print(error)
        """)
    assert "scipy could not be imported" in printed
