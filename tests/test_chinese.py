"""The Chinese README, which says what the English one says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))


def shown(text):
    """Commands and what they print; of the list of commands, what it says of each is left out."""
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    return [line[:39].rstrip() if line.startswith("    python -m") else line for line in lines]


def prose(text):
    return "\n".join(line for line in text.splitlines() if not line.startswith("    "))


PARTS = {
    "commands and what they print": lambda text: [
        line for line in shown(text) if not line.startswith(" " * 20)
    ],
    "links": lambda text: [
        target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.startswith("README")
    ],
    "code": lambda text: sorted(
        re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", prose(text))
    ),
    "numbers": lambda text: sorted(re.findall(r"\d+(?:[.,]\d+)*", prose(text))),
    "depth of headings": lambda text: re.findall(r"^#+", text, re.MULTILINE),
    "rows of tables": lambda text: len(re.findall(r"^\|", text, re.MULTILINE)),
    "points": lambda text: re.findall(r"^(-|\d\.) ", text, re.MULTILINE),
}


@pytest.mark.parametrize("part", PARTS)
def test_both_have_the_same(part):
    english, chinese = map(PARTS[part], (ENGLISH, CHINESE))
    assert english
    assert chinese == english


def test_it_is_chinese():
    paragraphs = [line for line in prose(CHINESE).splitlines()[3:] if line and "](docs" not in line]
    for line in paragraphs:
        if line.strip("|- "):
            assert re.search("[\u4e00-\u9fff]", line), line


def test_they_link_to_each_other_at_the_top():
    for text, other in ((ENGLISH, "README.zh-CN.md"), (CHINESE, "README.md")):
        assert f"]({other})" in "".join(text.splitlines(keepends=True)[:3])
