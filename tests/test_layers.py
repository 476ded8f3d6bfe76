"""The project layout: imports run one way, from the top of this list of packages to its bottom."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gluon_softmax"
# Packages in one row do not import each other.
PACKAGES = (
    ("benchmarks",),
    ("commands",),
    ("comparison",),
    ("reproduction",),
    ("implementations",),
    ("scratch", "concise"),
    ("training",),
    ("cluster", "data"),
    ("compat",),
)
# Packages beside gluon_softmax/; the benchmarks are not in the wheel.
TOP_LEVEL = ("benchmarks", "scratch", "concise")
# A single module in place of a package.
SINGLE = "implementations"
# Modules that all packages use lie directly in gluon_softmax/.
SHARED = {"console", "download", "errors", "interruption", "writing"}
# The shared modules that each of them imports.
SHARED_USES = {
    "console": set(),
    "download": {"console", "errors"},
    "errors": set(),
    "interruption": {"errors"},
    "writing": {"errors"},
}
MODULES = [
    *(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem == SINGLE),
    *(path for package in TOP_LEVEL for path in (ROOT / package).rglob("*.py")),
]


def level(package):
    [found] = [number for number, names in enumerate(PACKAGES) if package in names]
    return found


def package_of(path):
    base = PACKAGE if PACKAGE in path.parents else ROOT
    return path.relative_to(base).with_suffix("").parts[0]


def imports(path):
    """Yield the dotted names that a file imports, within functions too, as tuples."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            yield from ((*base, alias.name) for alias in node.names)


def imported(path):
    """Yield the names of our packages and shared modules that a file imports."""
    for parts in imports(path):
        if parts[0] in TOP_LEVEL:
            yield parts[0]
        elif parts[0] == "gluon_softmax" and len(parts) > 1:
            yield parts[1]


def test_every_part_has_its_place():
    here = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    packages = {package for row in PACKAGES for package in row} - {*TOP_LEVEL, SINGLE}
    files = {f"{name}.py" for name in (*SHARED, SINGLE, "__init__", "__main__")} | {"py.typed"}
    assert here == packages | files


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    if path.name == "__main__.py":
        pytest.skip("a program begins with the commands")
    package = package_of(path)
    for name in imported(path):
        if name not in SHARED and name != "__version__":
            assert name == package or level(name) > level(package), f"{path} imports {name}"


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_modules_import_no_package(name):
    assert set(imported(PACKAGE / f"{name}.py")) == SHARED_USES[name]


def test_the_arrows_are_seen():
    # Otherwise nothing above could fail.
    seen = {(package_of(path), name) for path in MODULES for name in imported(path)}
    assert seen >= {
        ("benchmarks", "commands"),
        ("benchmarks", "reproduction"),
        ("commands", "comparison"),
        ("comparison", "implementations"),
        ("comparison", "scratch"),
        ("reproduction", "concise"),
        ("reproduction", "implementations"),
        ("implementations", "scratch"),
        ("training", "data"),
        ("data", "errors"),
    }


def test_installed_code_does_not_name_the_benchmarks():
    """Starting them as a program would fail where only the wheel is installed."""
    for path in (*MODULES, *PACKAGE.glob("*.py")):
        if package_of(path) != "benchmarks":
            assert "benchmarks" not in path.read_text("utf-8"), path


def test_packages_below_the_implementations_do_not_name_them():
    for package in ("training", "data", "compat"):
        for path in (PACKAGE / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant):
                    assert node.value not in ("scratch", "concise")


def test_only_compat_patches_other_packages():
    for path in (*MODULES, *PACKAGE.glob("*.py")):
        text = path.read_text("utf-8")
        if package_of(path) != "compat":
            assert "setattr(np" not in text
            assert "sys.meta_path" not in text


def test_the_readme_shows_the_same_layout():
    readme = (ROOT / "README.md").read_text("utf-8")
    layout = readme[readme.index("## Project layout") :]
    ends = {SINGLE: ".py"}
    order = [layout.index(each + ends.get(each, "/")) for row in PACKAGES for each in row]
    assert order == sorted(order)


def dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_modules_import_each_other_in_a_circle():
    names = {dotted(path) for path in MODULES}
    graph = {name: set() for name in names}
    for path in MODULES:
        for parts in imports(path):
            # A name of a module, or a module itself.
            for used in (".".join(parts[:-1]), ".".join(parts)):
                if used in names and used != dotted(path):
                    graph[dotted(path)].add(used)
    # A package may import its modules, which always import the package first.
    for name in names:
        graph[name] -= {each for each in graph[name] if name.startswith(f"{each}.")}
    assert sum(map(len, graph.values())) > 200
    list(graphlib.TopologicalSorter(graph).static_order())
