"""JAX: an epoch as one jitted scan over the batches."""

import functools

import jax
import jax.numpy as jnp

from .harness import arrays, by_epoch, run


def prepare(settings):
    X_train, y_train, X_test, y_test = map(jnp.asarray, arrays(settings.data))
    size = settings.batch_size
    key = jax.random.PRNGKey(settings.seed)
    key, weights_key = jax.random.split(key)
    state = {
        "params": (0.01 * jax.random.normal(weights_key, (784, 10)), jnp.zeros(10)),
        "key": key,
    }

    def loss_function(params, X, y):
        W, b = params
        log_p = jax.nn.log_softmax(X @ W + b)
        return -jnp.take_along_axis(log_p, y[:, None], axis=1).sum()

    def step(params, batch):
        loss, grads = jax.value_and_grad(loss_function)(params, X_train[batch], y_train[batch])
        params = jax.tree_util.tree_map(lambda p, g: p - settings.lr / size * g, params, grads)
        return params, loss

    # Reuse the memory of the old parameters.
    @functools.partial(jax.jit, donate_argnums=0)
    def epoch(params, key):
        order = jax.random.permutation(key, len(y_train))
        whole = len(order) // size * size
        params, losses = jax.lax.scan(step, params, order[:whole].reshape(-1, size))
        total = losses.sum()
        if whole < len(order):
            params, last = step(params, order[whole:])
            total += last
        return params, total / len(order)

    def train_epoch():
        state["key"], key = jax.random.split(state["key"])
        state["params"], loss = epoch(state["params"], key)
        return loss.item()

    @jax.jit
    def accuracy(params):
        W, b = params
        return ((X_test @ W + b).argmax(axis=1) == y_test).mean()

    return by_epoch(train_epoch, lambda: accuracy(state["params"]).item())


if __name__ == "__main__":
    run(prepare)
