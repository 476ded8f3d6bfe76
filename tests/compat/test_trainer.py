from types import SimpleNamespace

import pytest
from mxnet import gluon

from gluon_softmax.compat import trainer


@pytest.mark.parametrize("distributed", [True, False])
def test_the_first_step_waits_for_the_weights_of_all(distributed, monkeypatch):
    """Without it, one training in four diverged from the others here; see ``tests/cluster``."""
    done = []

    class Trainer:
        _distributed = distributed
        _params = tuple(
            SimpleNamespace(
                _deferred_init=deferred,
                list_data=lambda deferred=deferred: [
                    SimpleNamespace(wait_to_read=lambda: done.append(f"deferred: {deferred}"))
                ],
            )
            for deferred in (False, True)
        )

        def _init_params(self):
            done.append("asked")

    monkeypatch.setattr(trainer, "note", lambda *args: None)
    trainer.patch(SimpleNamespace(Trainer=Trainer))
    Trainer()._init_params()
    assert done == (["asked", "deferred: False"] if distributed else ["asked"])


def test_mxnets_is_patched():
    assert gluon.Trainer._init_params.__module__ == trainer.__name__
