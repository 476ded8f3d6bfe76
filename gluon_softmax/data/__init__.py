"""Fashion-MNIST with verified files: the editions, their sources, and readers for the files.

Nothing here imports MXNet, so commands that only handle data start quickly.
"""
