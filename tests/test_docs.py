"""README and docs: each command runs as it stands, and each name, option and link exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import gluon_softmax
from gluon_softmax.commands.main import COMMANDS
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training.run import Settings, train_run

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*READMES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


TEXTS = {name_of(page): page.read_text("utf-8") for page in PAGES}
README = TEXTS["README.md"]
pages = pytest.mark.parametrize("page", PAGES, ids=name_of)


class Block(NamedTuple):
    """A fenced block: number of its first line, language, text, and why it is not run."""

    line: int
    language: str
    text: str
    not_run: str


def parsed(text):
    """Split Markdown into its fenced blocks and the lines outside them."""
    blocks, outside = [], []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        fence = re.match(r" *```(.*)", line)
        if start is None and not fence:
            outside.append(line)
        elif start is None:
            start, language = number, fence.group(1)
        elif fence:
            marker = re.fullmatch("<!-- not run: (.+) -->", lines[start - 1]) if start else None
            code = "\n".join(lines[start + 1 : number]) + "\n"
            blocks.append(Block(start + 1, language, code, marker.group(1) if marker else ""))
            start = None
    assert start is None, f"the block in line {start + 1} has no end"
    return blocks, outside


def shell(text):
    """Join the shell blocks, without comments."""
    blocks = "".join(block.text for block in parsed(text)[0] if block.language == "sh")
    return re.sub(r"(^|\s)#.*", "", blocks)


def anchors(text):
    headings = [line.lstrip("#") for line in parsed(text)[1] if re.match("#+ ", line)]
    return {re.sub(r"[^\w -]", "", each.strip()).lower().replace(" ", "-") for each in headings}


def test_markdown_is_parsed():
    # Otherwise nothing below could fail.
    text = "# A *b*, c\n<!-- not run: d -->\n```sh\n# e\nf  # g\n```\n```text\nh\n```\n"
    blocks, outside = parsed(text)
    assert blocks == [Block(3, "sh", "# e\nf  # g\n", "d"), Block(7, "text", "h\n", "")]
    assert outside == ["# A *b*, c", "<!-- not run: d -->"]
    assert shell("```sh\n# e\nf  # g\n```\n```text\nh\n```\n") == "\nf \n"
    assert anchors("# A *b*, c\n```sh\n# d\n```\n## 数据 e") == {"a-b-c", "数据-e"}


@pages
def test_commands_are_fenced(page):
    blocks, outside = parsed(TEXTS[name_of(page)])
    assert {block.language for block in blocks} <= {"sh", "powershell", "text", "python", "yaml"}
    for before, line in zip(["", *outside], outside):
        assert before or not line.startswith(("    ", "\t")), line
        assert not re.match(r"(\$|python3? -m|uv run|pip install|source) \S", line), line
        assert not re.match(rf"(gluon-softmax|make) ({'|'.join(COMMANDS)}|test)\b", line), line
    markers = [line for line in outside if "not run" in line and line.startswith("<!--")]
    assert len(markers) == sum(bool(block.not_run) for block in blocks)


# The reader's own script, made from the book.
MINE = """\
import d2lzh as d2l
from mxnet import gluon, init
from mxnet.gluon import loss as gloss, nn

batch_size = 256
train_iter, test_iter = d2l.load_data_fashion_mnist(batch_size)
net = nn.Sequential()
net.add(nn.Dense(10))
net.initialize(init.Normal(sigma=0.01))
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
loss = gloss.SoftmaxCrossEntropyLoss()
d2l.train_ch3(net, train_iter, test_iter, loss, 1, batch_size, None, None, trainer)
"""


@pytest.fixture
def project(tmp_path):
    """A copy of the project's folder, with this environment as its ``.venv``."""
    if not Path(sys.prefix, "bin", "activate").exists():
        pytest.skip("this Python's environment cannot be activated")
    left_out = shutil.ignore_patterns(".*", "report", "mutants", "__pycache__", "htmlcov")
    folder = Path(shutil.copytree(ROOT, tmp_path / "gluon-softmax", ignore=left_out))
    (folder / ".venv").symlink_to(sys.prefix)
    if (ROOT / ".uv").exists():
        (folder / ".uv").symlink_to(ROOT / ".uv")
    (folder / "mine.py").write_text(MINE)
    return folder


def runnable(page):
    languages = {"sh": ["bash", "-e", "-c"], "python": ["python", "-c"]}
    return [
        (languages[block.language], block)
        for block in parsed(TEXTS[name_of(page)])[0]
        if block.language in languages and not block.not_run
    ]


@pytest.mark.full_data
@pytest.mark.once
@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.timeout(3600)
# The Chinese pages have the same blocks: tests/test_chinese.py compares them.
@pytest.mark.parametrize(
    "page",
    [page for page in [READMES[0], *DOCS] if runnable(page) and page.parent.name != "zh"],
    ids=name_of,
)
def test_blocks_run_as_they_stand(page, project):
    # uv runs in this environment and does not change it.
    environment = {**os.environ, "UV_NO_SYNC": "1", "UV_OFFLINE": "1", "MPLBACKEND": "agg"}
    environment["PATH"] = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # One after another, as a reader pastes them.
    for command, block in runnable(page):
        done = subprocess.run(
            [*command, block.text],
            stdin=subprocess.DEVNULL,
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        where = f"{name_of(page)}, line {block.line}"
        assert done.returncode == 0, f"{where}:\n{block.text}\n{done.stdout}"


@pages
def test_links_lead_somewhere(page):
    text = "\n".join(parsed(TEXTS[name_of(page)])[1])
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    targets += re.findall(r'(?:src|srcset|href)="([^"\s]+)"', text)
    for target in targets:
        if "://" not in target:
            name, _, anchor = target.partition("#")
            path = page.parent / name if name else page
            assert path.exists(), target
            assert not anchor or anchor in anchors(path.read_text("utf-8")), target


def test_every_page_is_linked_from_the_readme():
    for page in PAGES[1:]:
        readme = "README.zh-CN.md" if page.parent.name == "zh" else "README.md"
        assert f"]({name_of(page)})" in TEXTS[readme], page


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "zh").glob("*.md")), ids=name_of)
def test_chinese_and_english_pages_link_to_each_other(page):
    english = f"docs/{page.name}"
    assert f"English · [简体中文](zh/{page.name})" in TEXTS[english].splitlines()[2]
    assert f"[English](../{page.name}) · 简体中文" in TEXTS[name_of(page)].splitlines()[2]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


@pages
def test_options_exist(page):
    modules = [*ROOT.glob("gluon_softmax/commands/*.py"), ROOT / "benchmarks" / "__main__.py"]
    program = "".join(path.read_text("utf-8") for path in modules)
    # Options of other programs.
    others = r"^.*\b(?:pip|uv|docker|podman|pip-audit|debootstrap)\b.*$"
    text = re.sub(others, "", TEXTS[name_of(page)], flags=re.MULTILINE)
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
        assert f'"{option}"' in program or option in ("--help", "--no-deps"), option


@pages
def test_commands_exist(page):
    text = TEXTS[name_of(page)]
    code = shell(text) + "\n".join(re.findall(r"`([^`\n]+)`", "\n".join(parsed(text)[1])))
    commands = re.findall(r"^(?:uv run .*?)?gluon-softmax ([a-z]+)", code, re.MULTILINE)
    assert set(commands) <= set(COMMANDS)
    modules = set(re.findall(r"python3? -m ([a-z_]+)", code))
    assert modules <= {"gluon_softmax", *IMPLEMENTATIONS, "venv", "pip", "pytest"}
    rules = re.findall(r"^(\w[\w -]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    targets = " ".join(rules).split()
    assert set(re.findall(r"^(?:\S+=\S+ )?make ([a-z0-9-]+)", code, re.MULTILINE)) <= set(targets)


@pages
def test_files_that_are_named_exist(page):
    if page.name == "CHANGELOG.md":
        pytest.skip("names files of older versions")
    folders = "benchmarks|gluon_softmax|scratch|concise|tests"
    for name in re.findall(rf"`((?:{folders})/[\w/.]*)`", TEXTS[name_of(page)]):
        assert (ROOT / name).exists(), name


# Words of the glossary in CONTRIBUTING.md that have no other use in these texts.
PRIVATE = r"mend(s|ed|ing)?|told|anew|feeds?|likelier|as wholes|has it|who may|made to run again"


@pages
def test_no_private_words(page):
    lines = [line for line in TEXTS[name_of(page)].splitlines() if "do not write" not in line]
    if page.name == "CONTRIBUTING.md":
        lines = [line for line in lines if not line.startswith("| ")]
    assert re.findall(rf"\b({PRIVATE})\b", "\n".join(lines), re.IGNORECASE) == []


def test_public_names_exist():
    # In brackets, or up to the end of the inline code.
    imports = re.findall(r"from gluon_softmax import (\([^)]+\)|[^`(]+(?=`))", README)
    names = {name for each in imports for name in re.findall(r"\w+", each)}
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


EPOCH = r"epoch \d, loss [\d.]+, train acc [\d.]+, test acc [\d.]+"


@pytest.mark.full_data
def test_the_readme_quotes_what_is_printed(official, capsys):
    printed, before = [], []
    for implementation in IMPLEMENTATIONS:
        run = train_run(IMPLEMENTATIONS[implementation], official, Settings(), 0)
        printed.append(capsys.readouterr().out.splitlines())
        before.append(f"{run.accuracy_before:.4f}")
    outputs = "".join(block.text for block in parsed(README)[0] if block.language == "text")
    lines = re.findall(EPOCH, outputs)
    assert lines
    # The lines of one implementation after the other, each from its first epoch.
    quoted = [lines[start:] for start, line in enumerate(lines) if line.startswith("epoch 1,")]
    for of_one, of_next in zip(quoted, [*quoted[1:], []]):
        of_one = of_one[: len(of_one) - len(of_next)]
        assert of_one in [lines[: len(of_one)] for lines in printed]
    assert set(re.findall(r"test acc before training ([\d.]+)", outputs)) <= set(before)
