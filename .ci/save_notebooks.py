"""Run both notebooks and save them with their outputs, the same bytes on each run.

`.venv/bin/python .ci/save_notebooks.py`, after `make lint`, which installs what it needs.
"""

import os
import re
import tempfile
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).parent.parent

with tempfile.NamedTemporaryFile("w", suffix="matplotlibrc") as settings:
    # Otherwise the names inside an SVG are random.
    settings.write("svg.hashsalt: gluon-softmax\n")
    settings.flush()
    os.environ.update(MATPLOTLIBRC=settings.name, TQDM_DISABLE="1")
    for name in ("scratch", "concise"):
        path = ROOT / name / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(
            notebook,
            timeout=240,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute()
        notebook.metadata.language_info = {"name": "python"}
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                if "image/svg+xml" in output.get("data", {}):
                    svg = output.data["image/svg+xml"]
                    # The version of Matplotlib and the date.
                    output.data["image/svg+xml"] = re.sub(
                        r"(?s) <metadata>.*</metadata>\n", "", svg
                    )
        nbformat.write(notebook, path)
