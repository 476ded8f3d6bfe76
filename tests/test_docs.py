"""README and docs: every command, option, link and count in them is so."""

import re
from pathlib import Path

import pytest

import gluon_softmax
from gluon_softmax.commands.main import COMMANDS
from gluon_softmax.reproduction.versions import VERSIONS
from gluon_softmax.training.run import Settings, train_version

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
TEXTS = {path.name: path.read_text("utf-8") for path in PAGES}
README = TEXTS["README.md"]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pages
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            path = page.parent / name if name else page
            assert path.exists(), target
            assert not anchor or anchor in anchors(path.read_text("utf-8")), target


def test_every_page_is_linked_from_the_readme():
    for page in PAGES[1:]:
        assert f"]({page.relative_to(ROOT).as_posix()})" in README


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


@pages
def test_options_are_there(page):
    program = "".join(
        path.read_text("utf-8") for path in (ROOT / "gluon_softmax" / "commands").glob("*.py")
    )
    # Of pip, uv and docker.
    others = {"--no-deps", "--disable-pip", "--no-group", "--extra", "--rm", "--variant"}
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text("utf-8"))) - others:
        assert f'"{option}"' in program or option == "--help", option


@pages
def test_commands_are_there(page):
    text = page.read_text("utf-8")
    assert set(re.findall(r"-m gluon_softmax ([a-z]+)", text)) <= set(COMMANDS)
    modules = set(re.findall(r"python3? -m ([a-z_]+)", text))
    assert modules <= {"gluon_softmax", *VERSIONS, "venv", "pytest"}
    rules = re.findall(r"^(\w[\w -]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    targets = " ".join(rules).split()
    assert set(re.findall(r"`(?:PYTHON=\S+ )?make ([a-z0-9-]+)", text)) <= set(targets)
    assert set(re.findall(r"^    make ([a-z0-9-]+)$", text, re.MULTILINE)) <= set(targets)


@pages
def test_files_that_are_named_are_there(page):
    for name in re.findall(
        r"`((?:gluon_softmax|scratch|concise|tests)/[\w/.]*)`", page.read_text("utf-8")
    ):
        assert (ROOT / name).exists(), name


def test_public_names_are_there():
    [names] = re.findall(r"`from gluon_softmax import ([^`]+)`", README)
    names = re.findall(r"\w+", names)
    assert sorted(names) == sorted(gluon_softmax._PUBLIC)
    for name in names:
        assert callable(getattr(gluon_softmax, name))
        assert name in dir(gluon_softmax)
    with pytest.raises(AttributeError, match="has no attribute 'softmax'"):
        gluon_softmax.softmax  # noqa: B018


def test_the_changes_begin_with_this_version():
    versions = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", TEXTS["CHANGELOG.md"], re.M
    )
    assert versions[0] == gluon_softmax.__version__
    assert versions == sorted(versions, reverse=True)


# Some are tried once for each way to start a process, of which Windows has one.
@pytest.mark.posix
def test_numbers_of_faults_and_bad_inputs(request):
    collected = request.config.counted_files
    if collected != {path.name for path in Path(__file__).parent.rglob("test_*.py")}:
        pytest.skip("counts only when all tests are collected")
    promises = TEXTS["promises.md"]
    promised = {
        "fault": re.search(r"(\d+) faults", promises),
        "bad_input": re.search(r"(\d+) bad inputs", promises),
    }
    found = {marker: int(match.group(1)) for marker, match in promised.items()}
    assert found == request.config.counted


EPOCH = r"epoch \d, loss [\d.]+, train acc [\d.]+, test acc [\d.]+"


@pytest.mark.full_data
@pytest.mark.parametrize("version", VERSIONS)
def test_the_readme_quotes_what_is_printed(version, official, capsys):
    part = {"scratch": "Part 2, from scratch", "concise": "Part 3, concise"}[version]
    quoted = README[README.index(part) :].split("\n\n")[0]
    run = train_version(VERSIONS[version], official, Settings(), 0)
    printed = capsys.readouterr().out.splitlines()
    lines = re.findall(EPOCH, quoted)
    assert lines
    assert printed[: len(lines)] == lines
    assert f"test acc before training {run.accuracy_before:.4f}" in quoted
