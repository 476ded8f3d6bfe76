"""Run both notebooks and save them with their outputs, so that two runs give the same bytes.

Usage: .venv/bin/python tools/save_notebooks.py (`make lint` installs what it needs)
"""

import os
import re
import tempfile
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).parent.parent

with tempfile.NamedTemporaryFile("w", suffix="matplotlibrc") as settings:
    # Without a salt, Matplotlib writes random names into an SVG.
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
            outputs = cell.get("outputs", [])
            # A saved progress bar would be shown as "Error displaying widget".
            outputs[:] = [output for output in outputs if "jupyter.widget" not in str(output)]
            for output in outputs:
                if "image/svg+xml" in output.get("data", {}):
                    svg = output.data["image/svg+xml"]
                    # The date, and the version of Matplotlib.
                    output.data["image/svg+xml"] = re.sub(
                        r"(?s) <metadata>.*</metadata>\n", "", svg
                    )
        nbformat.write(notebook, path)
