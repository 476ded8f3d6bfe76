"""On several machines MXNet's ``Trainer`` may start with a gradient instead of the weights.

At its first step each worker requests the initial weights from the server and pushes its gradient
to the same key, without waiting for the reply. If all gradients arrive first, the server replies
with their sum, and that worker trains with other weights than the rest.
"""

from typing import Any

from .registry import note


def patch(module: Any) -> None:
    """Patch ``mxnet.gluon.trainer``: the first step waits for the initial weights."""
    trainer = module.Trainer
    init = trainer._init_params

    def init_and_wait(self: Any) -> None:
        init(self)
        if self._distributed:
            for param in self._params:
                if not param._deferred_init:
                    for array in param.list_data():
                        array.wait_to_read()

    trainer._init_params = init_and_wait
    note("gluon.Trainer with dist_sync", "MXNet 1.9")
