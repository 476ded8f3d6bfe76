"""The Chinese pages have the same content as the English ones."""

import re
from pathlib import Path

import pytest
from test_docs import parsed, shell

ROOT = Path(__file__).parent.parent
ENGLISH = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAIRS = [
    (english, chinese)
    for english in ENGLISH
    for chinese in (english.with_name("README.zh-CN.md"), english.parent / "zh" / english.name)
    if chinese.exists()
]
pairs = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].name)


def prose(text):
    """Join the lines outside blocks, without links' targets and comments."""
    lines = [line for line in parsed(text)[1] if not line.startswith("<!--")]
    return re.sub(r"\]\([^)]+\)", "]", "\n".join(lines))


def links(text):
    """Return the targets of a page's links except the README, as if all pages were in English."""
    targets = re.findall(r"\]\(([^)#]+)", "\n".join(parsed(text)[1]))
    names = {re.sub(r"(\.\./)+|(docs/)?zh/|\.zh-CN|docs/", "", target) for target in targets}
    return names - {"README.md"}


PARTS = {
    "commands": shell,
    "programs": lambda text: [
        re.sub(r" *#.*", "", block.text)
        for block in parsed(text)[0]
        if block.language in ("python", "powershell")
    ],
    "numbers that are printed": lambda text: [
        re.findall(r"\d+(?:\.\d+)*", block.text)
        for block in parsed(text)[0]
        if block.language == "text"
    ],
    "reasons not to run": lambda text: [bool(block.not_run) for block in parsed(text)[0]],
    "code": lambda text: sorted(
        re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", prose(text))
    ),
    "numbers": lambda text: sorted(re.findall(r"\d+(?:[.,]\d+)*", prose(text))),
    "depth of headings": lambda text: re.findall(r"^#+", prose(text), re.MULTILINE),
    "rows of tables": lambda text: len(re.findall(r"^\|", prose(text), re.MULTILINE)),
    "points": lambda text: re.findall(r"^(-|\d\.) ", prose(text), re.MULTILINE),
}


def test_each_chinese_page_is_compared():
    pages = [ROOT / "README.zh-CN.md", *(ROOT / "docs" / "zh").glob("*.md")]
    assert sorted(chinese for _, chinese in PAIRS) == sorted(pages)


@pairs
@pytest.mark.parametrize("part", PARTS)
def test_both_have_the_same(part, pair):
    english, chinese = (PARTS[part](page.read_text("utf-8")) for page in pair)
    assert chinese == english


@pairs
def test_both_link_to_the_same(pair):
    english, chinese = (links(page.read_text("utf-8")) for page in pair)
    # Except the link to the other language, at the top.
    assert chinese - {pair[0].name} == english - {pair[0].name}


@pairs
def test_it_is_chinese(pair):
    lines = prose(pair[1].read_text("utf-8")).splitlines()
    for line in lines[1:]:
        # Every line contains Chinese, except code, names, badges and pictures.
        words = re.sub(r"`[^`]*`|!?\[[^]]*\]|<[^>]*>|macOS", "", line)
        if re.search(r"(?<![A-Za-z])[a-z]{3,}", words):
            assert re.search("[\u4e00-\u9fff]", line), line


@pairs
def test_punctuation_is_full_width(pair):
    # Except code and the tutorial's title.
    text = re.sub(r"`[^`]*`|《[^》]*》", "`", prose(pair[1].read_text("utf-8")))
    assert re.findall("[\u4e00-\u9fff][,;:?!()]|[,;:?!(][\u4e00-\u9fff]", text) == []


@pairs
def test_both_link_to_each_other_at_the_top(pair):
    for page, other in (pair, pair[::-1]):
        top = "".join(page.read_text("utf-8").splitlines(keepends=True)[:3])
        assert f"]({'../' * (page.parent != ROOT) * (page == pair[1])}" in top
        assert other.name in top
