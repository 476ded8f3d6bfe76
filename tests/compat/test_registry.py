"""The list of the patches."""

from gluon_softmax import compat


def test_every_patch_names_what_broke_it():
    import gluonbook  # noqa: F401
    import mxnet  # noqa: F401

    causes = {"NumPy", "Python", "IPython", "SciPy", "minimal", "d2lzh", "MXNet", "MXNet's"}
    causes |= {"NVIDIA", "no"}
    assert {patch.broken_by.split()[0] for patch in compat.considered()} <= causes
    assert all(patch.name for patch in compat.considered())
    assert set(compat.applied()) == {patch for patch in compat.considered() if patch.applies}
    assert len({patch.name for patch in compat.considered()}) == len(compat.considered())
