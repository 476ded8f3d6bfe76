"""The tutorial's hyperparameters and the data loaders; importing them does not import MXNet."""

EPOCHS, BATCH_SIZE, LR = 5, 200, 0.1
LOADERS = ("resident", "per-sample")
