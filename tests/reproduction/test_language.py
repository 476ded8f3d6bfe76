import ast
import dataclasses
import html
import json
import re
import string
import unicodedata
from collections import Counter
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes
from markupsafe import Markup
from shared import kept

from gluon_softmax.commands import main as cli
from gluon_softmax.reproduction import claims, language, report
from gluon_softmax.reproduction.answer import judge
from gluon_softmax.reproduction.language import Message, listed, of_this_user, speaking, translate
from gluon_softmax.reproduction.plot_style import chinese_font
from gluon_softmax.reproduction.reproduce import reproduce
from gluon_softmax.reproduction.summary import table
from gluon_softmax.training.run import Settings

FOLDER = Path(language.__file__).parent
CHINESE = json.loads((FOLDER / "zh.json").read_text("utf-8"))
# Messages that the code names by a constant.
NAMED = {
    *(claims.TUTORIAL.name, claims.TUTORIAL.column, "table", "the cache"),
    *(name for name in claims.EXACT_RESULTS if not re.search(r"\(", name)),
    *(claims.TUTORIAL.claims[0].name, "loss", "train acc", '"train acc"', "test acc"),
}


def in_the_code():
    """Yield the messages that stand in the code."""
    for file in (*FOLDER.rglob("*.py"), FOLDER.parent / "commands" / "reproduce.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "translate",
                "Message",
            ):
                first = node.args[0]
                both = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                yield from (each.value for each in both if isinstance(each, ast.Constant))


def in_the_page():
    page = jinja2.Environment().parse((FOLDER / "page.html").read_text("utf-8"))
    for call in page.find_all(nodes.Call):
        first = call.args[0] if call.args else None
        # Some with the filter `safe`.
        constants = [] if first is None else [first, *first.find_all(nodes.Const)]
        if getattr(call.node, "name", "") == "translate" and isinstance(constants[-1], nodes.Const):
            yield " ".join(constants[-1].value.split())


def test_chinese_has_exactly_the_messages_of_the_code():
    said = {*in_the_code(), *in_the_page()}
    assert len(said) > 80
    assert said | NAMED == set(CHINESE)


@pytest.mark.parametrize("english", CHINESE)
def test_chinese_has_the_same_places(english):
    def places(message):
        return {(name, form) for _, name, form, _ in string.Formatter().parse(message) if name}

    assert places(CHINESE[english]) == places(english)
    assert re.findall("<[^>]*>", CHINESE[english]) == re.findall("<[^>]*>", english)


def test_translation():
    counted = "{n} [matches|match] on {data}"
    assert translate(counted, n=1, data="[a|b]") == "1 matches on [a|b]"
    assert translate(counted, n=2, data="x") == "2 match on x"
    with speaking("zh"):
        assert translate(counted, n=2, data="x") == "2 个用x就能得到"
        assert str(Message("{table}: {words}", table="t", words=Message("number"))) == ("t：数字")
        assert listed(["a", "b", "c"]) == "a，b 与 c"
        assert translate("{edition}, from {origin}"[::-1]) == "}nigiro{ morf ,}noitide{"
        with speaking("en"):
            assert translate("number") == "number"
        assert isinstance(translate(Markup("<b>{x}</b>"), x="<"), Markup)
        assert translate(Markup("<b>{x}</b>"), x="<") == "<b>&lt;</b>"
        assert isinstance(translate(Markup("number")), Markup)
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert translate("a reader's {file}") == "a reader's {file}"


def test_an_error_restores_the_language():
    with pytest.raises(KeyError), speaking("zh"):
        raise KeyError
    assert translate("number") == "number"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.Big5"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_language_of_the_locale(settings, expected, monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert of_this_user() == expected


def text_of(page):
    # Pictures have numbers and text of their own.
    body = re.sub("<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", page, flags=re.S)
    return " ".join(html.unescape(body).split())


@pytest.mark.slow
def test_chinese_page(sample, tmp_path):
    data = dataclasses.replace(sample, edition="official")
    found = kept(lambda: reproduce(data, Settings(), seed=0, runs=2, read=True))
    found.readings = [Message("{column} is in per cent", column="test acc")]
    for name in ("en", "zh"):
        (tmp_path / name).mkdir()
        report.write_report(judge(found), tmp_path / name, "command", name)
    english = (tmp_path / "en" / "index.html").read_text("utf-8")
    chinese = (tmp_path / "zh" / "index.html").read_text("utf-8")
    assert '<html lang="en">' in english
    assert '<html lang="zh-CN">' in chinese
    # No English words except names of files, classes, columns, settings and mathematicians.
    allowed = "scratch concise train acc mnist_train get_fashion_mnist_labels nd pick uint"
    allowed += (
        " Fashion MNIST MXNet softmax Student Bonferroni W T t SVG PNG results json Test runs"
    )
    allowed += " ".join(["", *claims.EXACT_RESULTS["class names"][1]]).replace("-", " ")
    before, _, after = text_of(chinese).partition("用这条命令可以重复本次运行")
    assert set(re.findall(r"[A-Za-z_]+", before)) - set(allowed.split()) == set()
    assert "command" in after
    # The same numbers; Chinese writes those of the three parts as words.
    in_english, in_chinese = (
        Counter(re.findall(r"\d+(?:\.\d+)*", text_of(page))) for page in (english, chinese)
    )
    assert in_english - in_chinese == Counter("123")
    assert not in_chinese - in_english
    assert "训练集的前十张图像" in chinese
    has_font = chinese_font() is not None
    for file in (tmp_path / "en").iterdir():
        if file.suffix == ".json":
            assert file.read_bytes() == (tmp_path / "zh" / file.name).read_bytes()
    for name in ("answer", "curves", "mistaken-column"):
        drawn = (tmp_path / "zh" / f"{name}.svg").read_text("utf-8")
        assert ("周期" in drawn) == has_font


def test_the_table_in_chinese_has_straight_columns(sample):
    data = dataclasses.replace(sample, edition="official")
    found = kept(lambda: reproduce(data, Settings(), seed=0, runs=2, read=False))
    with speaking("zh"):
        lines = table(judge(found))

    def columns(text):
        return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)

    assert lines[0].split() == ["数字", "教程", "官方版", "重新划分", "他人", "结论"]
    assert lines[3].split()[:4] == ["scratch", "第", "1", "周期“train"]
    words = {line.split()[-1] for line in lines[1:]}
    assert words <= {"吻合", "重新划分", "错误所致", "不吻合", "不下结论"}
    ends = {columns(line[: line.rindex(line.split()[-1])]) for line in lines}
    assert len(ends) == 1
    assert max(map(columns, lines)) <= 80


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "locale", "expected"),
    [([], "zh_CN.UTF-8", "zh-CN"), (["--lang", "en"], "zh_CN.UTF-8", "en"), ([], "C", "en")],
)
def test_page_is_in_the_readers_language(
    arguments, locale, expected, sample_dir, tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", locale)
    asked = ["--runs", "1", "--no-reading", "--data-dir", str(sample_dir), "--out", str(tmp_path)]
    assert cli.main(["reproduce", *asked, *arguments]) == 0
    assert f'<html lang="{expected}">' in (tmp_path / "index.html").read_text("utf-8")
    # The terminal's output is Chinese, too.
    answer = {
        "en": "No verdicts: these are files of your own",
        "zh-CN": "不下结论：这些是你自己的文件",
    }
    assert answer[expected] in capsys.readouterr().out


def literal_texts():
    """Return all texts in the program, with a mark for each value that is filled in."""
    for file in FOLDER.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


ERRORS = json.loads((FOLDER / "zh-errors.json").read_text("utf-8"))


@pytest.mark.parametrize("english", ERRORS)
def test_each_translated_error_is_one_of_the_programs(english):
    program = "\0".join(literal_texts())
    for part in re.split(r"\{\w+\}|[;:(]", english):
        assert part.strip() in program, part
    names = re.compile(r"\{(\w+)\}")
    assert set(names.findall(ERRORS[english])) == set(names.findall(english))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--out", "/proc/report"], 2, "错误：--out /proc/report：无法创建这个文件夹"),
        (["--split-seed", "3", "--edition", "official"], 2, "错误：--split-seed 3 只能与"),
        (["--data-dir", "/no/such"], 2, "错误：--data-dir /no/such：不是文件夹"),
        (["--implementation", "scratch"], 2, "错误：--implementation scratch 只能与 --table"),
        (["--data-dir", "tests/data", "--lr", "1e38"], 1, "错误：训练在第 1 个周期发散：损失为 "),
    ],
)
def test_errors_of_the_main_job_in_chinese(arguments, status, words, tmp_path, capsys):
    out = [] if "--out" in arguments else ["--out", str(tmp_path)]
    argv = ["reproduce", "--lang", "zh", "--runs=1", "--no-reading", *out, *arguments]
    assert cli.main(argv) == status
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert said.count("\n") == 1
    # Only names and the system's own reason are left in English.
    assert not re.search("[a-z] [a-z]", re.sub(r"（.*）|--[\w-]+ \w+", "", said))
