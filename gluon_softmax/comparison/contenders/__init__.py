"""The contenders of the benchmark: programs that each train the model in a way of its own."""
