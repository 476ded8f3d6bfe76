"""MXNet's ``Trainer`` may begin, on several machines, with a gradient in place of the weights.

At its first step each worker asks the server for the weights that all are to begin with, and sends
its gradient to the same place, without waiting for the answer. Where all gradients are there
first, the sum of these is the answer, and that worker goes on with other weights than the rest.
"""

from typing import Any

from .mend import note


def mend(module: Any) -> None:
    """Let the first step wait for the weights; of ``mxnet.gluon.trainer``."""
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
    note("gluon.Trainer with dist_sync", "its release")
