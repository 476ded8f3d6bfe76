import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#][^)]*)\)", README):
        assert "://" in target or (ROOT / target).exists(), target
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_options_are_there():
    program = "".join(
        (ROOT / "gluon_softmax" / name).read_text("utf-8") for name in ("cli.py", "options.py")
    )
    others = {"--no-deps", "--disable-pip"}
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - others:
        assert f'"{option}"' in program or option in ("--help", "--debug"), option


def test_make_targets_are_there():
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([a-z][a-z-]*)", README)) <= set(targets) | {"it"}


def test_numbers_of_faults_and_bad_inputs(request):
    if request.config.counted_files != {path.name for path in Path(__file__).parent.glob("test_*")}:
        pytest.skip("counts only when all tests are collected")
    promised = {
        "fault": re.search(r"(\d+) faults", README),
        "bad_input": re.search(r"(\d+) bad inputs", README),
    }
    found = {marker: int(match.group(1)) for marker, match in promised.items()}
    assert found == request.config.counted
