"""Fashion-MNIST, verified: the editions, where they can be had, and how their files are read.

Nothing here needs MXNet, so that the commands that only handle data start at once.
"""
