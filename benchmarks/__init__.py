"""Benchmarks of the two implementations beside other frameworks, and of clusters."""
