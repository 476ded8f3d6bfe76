"""The tutorial's hyperparameters, the defaults everywhere; importing them does not import MXNet."""

EPOCHS, BATCH_SIZE, LR = 5, 200, 0.1
