"""The main job: the tutorial's figures, our runs, what they say of each other, and the report."""
