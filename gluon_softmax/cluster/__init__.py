"""Several machines, by MXNet's own parameter server: one process for each role."""
