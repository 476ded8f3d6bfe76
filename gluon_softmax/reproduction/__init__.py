"""The main job: the document's figures, our runs, what they say of each other, and the report."""
