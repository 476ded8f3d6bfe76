"""The versions beside each other, and beside other ways to train the model."""
