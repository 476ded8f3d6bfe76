"""Contenders of the benchmark: each is a program that trains the model with one framework."""

# Patches MXNet and d2lzh, which some contenders import first.
import gluon_softmax  # noqa: F401
