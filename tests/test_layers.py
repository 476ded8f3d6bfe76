"""Imports run one way: each module knows only what lies below it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
# From the ground up; a module may import those of lower layers and of its own.
LAYERS = (
    {"errors", "compat", "console", "interruption"},
    {"editions", "machine", "writing"},
    {"idx", "fetch", "data", "inventory", "context", "parameters"},
    {"loader", "training"},
    {"scratch", "concise"},
    {"runs"},
    {"claims", "verdicts", "reproduction", "compare"},
    {"figures", "report", "benchmark"},
    {"options"},
    {"cli"},
)


def layer(name):
    [found] = [number for number, names in enumerate(LAYERS) if name in names]
    return found


def imported(path):
    """List the modules of ours that a file imports, at its top or within functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 0 and module.split(".")[0] in ("scratch", "concise"):
                yield module.split(".")[0]
            elif module.startswith("gluon_softmax."):
                yield module.split(".")[1]
            elif node.level == 1 and path.parent.name == "gluon_softmax":
                yield from [module] if module else [alias.name for alias in node.names]


def test_imports_run_one_way():
    for path in (ROOT / "gluon_softmax").glob("*.py"):
        if not path.stem.startswith("__"):
            for name in imported(path):
                assert layer(name) <= layer(path.stem), f"{path.stem} imports {name}"
    for version in ("scratch", "concise"):
        for path in (ROOT / version).glob("*.py"):
            if path.name != "__main__.py":
                assert all(layer(name) <= layer(version) for name in imported(path))


def test_only_the_mending_module_mends():
    for path in [*ROOT.glob("gluon_softmax/*.py"), *ROOT.glob("*/model.py")]:
        text = path.read_text("utf-8")
        if path.name != "compat.py":
            assert "setattr(np" not in text
            assert "sys.meta_path" not in text
