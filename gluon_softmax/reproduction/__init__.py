"""The main job: the tutorial's numbers, our runs, what they say of each other, and the report."""
