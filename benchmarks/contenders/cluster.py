"""One process of a cluster on this machine, or a single process: time per epoch and of traffic.

The first worker prints JSON. Without ``--inputs`` it trains concise on the official edition; with
it, it times steps on one batch of random images with that number of inputs.
"""

import argparse
import json
import sys
import time

from gluon_softmax.cluster.roles import given_role
from gluon_softmax.cluster.server import run_server
from gluon_softmax.errors import UsageError

STEPS = 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--inputs", type=int, default=0)
    settings = parser.parse_args()
    if settings.workers == 1:
        print(json.dumps(measure(settings, None)))
        return
    try:
        role = given_role("dist_sync", settings.batch_size)
    except UsageError as error:
        sys.exit(f"error: {error}")
    if run_server(role):
        return
    from gluon_softmax.cluster.worker_group import join_group

    with join_group(role) as group:
        found = measure(settings, group)
        if not group.rank:
            print(json.dumps(found))


def measure(settings, group):
    import numpy as np
    from mxnet import nd

    inputs = settings.inputs or 784
    seconds = random_step(settings) if settings.inputs else epochs(settings, group)
    wire = []
    if group is not None:
        arrays = [nd.ones((inputs, 10)), nd.ones((10,))]
        # Not used by training.
        keys = [100_000, 100_001]
        for key, array in zip(keys, arrays):
            group.kv.init(key, array)
        for _ in range(STEPS):
            start = time.perf_counter()
            for key, array in zip(keys, arrays):
                group.kv.push(key, array)
                group.kv.pull(key, out=array)
            nd.waitall()
            wire.append(time.perf_counter() - start)
    return {
        "seconds": float(np.median(seconds)),
        "wire_seconds_a_step": float(np.median(wire)) if wire else 0.0,
        "bytes_a_step": 2 * 4 * (inputs * 10 + 10) if wire else 0,
    }


def epochs(settings, group):
    from gluon_softmax.data.load import load
    from gluon_softmax.implementations import IMPLEMENTATIONS
    from gluon_softmax.training.run import Settings, train_run

    trained = train_run(
        IMPLEMENTATIONS["concise"],
        load("official"),
        Settings(epochs=settings.epochs, batch_size=settings.batch_size),
        0,
        on_epoch=None,
        group=group,
    )
    # The first epoch is for warming up.
    return trained.records.seconds[1:]


def random_step(settings):
    from mxnet import nd

    import concise.model
    import concise.training

    shard = settings.batch_size // settings.workers
    X, y = nd.random.uniform(shape=(shard, settings.inputs)), nd.zeros((shard,))
    net, params = concise.model.get_net(X.context)
    train_batch = concise.training.get_train_batch(net, params, 1e-6, settings.batch_size)
    found = []
    for _ in range(6):
        start = time.perf_counter()
        train_batch(X, y)
        nd.waitall()
        found.append(time.perf_counter() - start)
    return found[1:]


if __name__ == "__main__":
    main()
