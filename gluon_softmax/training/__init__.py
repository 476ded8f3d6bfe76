"""What trains either version: the loop, the feeds, where it computes, parameters on disk."""
