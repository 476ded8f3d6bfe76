"""Comparison of the two implementations with each other and with other frameworks."""
