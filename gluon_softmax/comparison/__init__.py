"""Comparison of the two implementations with each other."""
