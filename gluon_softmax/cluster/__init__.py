"""Training on several machines with MXNet's parameter server: one process per role."""
