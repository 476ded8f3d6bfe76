"""Contenders of the benchmark: each is a program that trains the model with one framework."""
