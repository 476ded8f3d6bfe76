"""Tables of readers: what their columns are, with which settings they were made, what deviates."""
