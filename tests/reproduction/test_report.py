import dataclasses
import html
import json
import os
import re
import shutil
import subprocess
import textwrap
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from shared import by_module, kept

from gluon_softmax import __version__
from gluon_softmax.data.fashion_mnist import CLASS_NAMES
from gluon_softmax.reproduction import claims, report, report_columns, verdicts
from gluon_softmax.reproduction.answer import Judgement, judge
from gluon_softmax.reproduction.environment import processor
from gluon_softmax.reproduction.exact_results import ExactResult, in_words
from gluon_softmax.reproduction.experiment import Experiment
from gluon_softmax.reproduction.language import Message
from gluon_softmax.reproduction.report_columns import columns
from gluon_softmax.reproduction.report_plots import NAMES, pictures
from gluon_softmax.reproduction.reproduce import reproduce
from gluon_softmax.reproduction.summary import summary, table, wrapped
from gluon_softmax.training.run import Settings


@pytest.fixture(scope=by_module)
def found(sample):
    data = dataclasses.replace(sample, edition="official", origin='a <b>folder</b> & "more"')
    return kept(lambda: reproduce(data, Settings(), seed=0, runs=2, read=True))


@pytest.fixture(scope=by_module)
def out(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    report.write_report(judge(found), folder, "python -m gluon_softmax reproduce --out '<x>'")
    return folder


def test_files(out):
    text = (out / "results.json").read_text("utf-8")
    assert text.startswith('{\n "schema_version": 4,\n')
    assert text.endswith("\n}\n")
    assert json.loads(text)["schema_version"] == 4
    pictures = {
        "answer",
        "first-images",
        "curves",
        "mistaken-column",
        "scratch-predictions",
        "concise-predictions",
        "confusion",
        "weights",
        "confidently-wrong",
    }
    assert {path.name for path in out.iterdir()} == {"index.html", "results.json"} | {
        f"{name}.{ending}" for name in pictures for ending in ("png", "svg")
    }


def test_page_escapes_what_comes_from_outside(out):
    page = (out / "index.html").read_text("utf-8")
    assert "<b>folder</b>" not in page
    assert html.escape("<b>folder</b>") in page
    assert "'<x>'" not in page


def test_a_new_column_is_in_each_table(found, monkeypatch):
    def with_one_more(judgement):
        new = report_columns.Column("new", "new column", lambda row: ("1.5", "1.5 in all"))
        return [*columns(judgement), new]

    judgement = dataclasses.replace(judge(found), predictions={})
    for renderer in ("report", "summary"):
        monkeypatch.setattr(f"gluon_softmax.reproduction.{renderer}.columns", with_one_more)
    page = report.page(judgement, [], {}, "")
    assert page.count("1.5 in all") == len(judgement.verdicts)
    assert "Others" not in page
    for form in ("text", "markdown", "csv"):
        head, *lines = table(judgement, form)
        assert "new" in head
        assert sum("1.5" in line for line in lines) == len(judgement.verdicts)


def test_page_leads_with_the_answer_and_holds_every_number(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    body = page[page.index("<body>") :]
    assert body.index(str(judge(found).headline)) < body.index('id="answer"') < body.index("<table")
    # Its caption stands above it.
    assert body.index("minus our mean on the official data, by epoch") < body.index("<svg")
    assert body.count('<figure id="answer"') == 1
    assert all(f">{verdict.claim.name}<" in body for verdict in judge(found).verdicts)
    assert ("Not reproduced and not explained" in body) == bool(judge(found).failures)
    # The answer and the curves have a form for phones.
    assert len(re.findall(r'<div class="narrow"[^>]*><svg', body)) == body.count('"narrow"') == 2
    tiles = sum(len(picture.tiles) for picture in pictures(judge(found)))
    assert tiles == 10 + 2 * 18 + 10 + 10
    assert len(re.findall(r'<img src="data:image/png;base64,', body)) == tiles


def test_page_says_what_was_asked_and_how_it_was_judged(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    assert f"can the numbers in {found.printed.name} be reproduced?</h1>" in page
    assert "10 of each" not in page
    assert "2 of each implementation on the official data; 2 of each" in page
    assert "python -m gluon_softmax reproduce --out '<x>'" in page
    assert ("all numbers of a table together" in page) == bool(judge(found).tables)
    assert f"<dt>Processor</dt><dd>{processor()}</dd>" in page
    seconds = found.reading_seconds
    cells = ["seconds to read the training set once", "2.90", f"{seconds:.2f}"]
    note = page.index("Not judged: timings depend on the machine.")
    [number] = re.findall(r'<li id="note-(\d)">$', page[:note])
    cells += [f"ratio {seconds / 2.90:.2f}", number]
    [line] = [row for row in page.split("</tr>") if cells[0] in row]
    assert re.sub(r"\s*(<[^>]*>\s*)+", "|", line).strip("|").split("|") == cells


def test_how_a_table_was_read_is_a_sentence(found):
    reading = Message("{column} is in per cent", column="test acc")
    sentences = judge(dataclasses.replace(found, readings=[reading])).sentences
    assert str(sentences[-1]) == "Test acc is in per cent."


def test_one_run_has_no_spread(sample, tmp_path):
    """Two runs have verdicts; missing parts leave nothing on the page."""
    data = dataclasses.replace(sample, edition="official")
    spreads = []
    for runs in (1, 2):
        found = reproduce(data, Settings(epochs=5), seed=0, runs=runs, read=False)
        lines = [
            line
            for line in report._lines(judge(found), columns(judge(found)))
            if line["verdict"] != "same"
        ]
        texts = [text for line in lines for text in line["here"] if text]
        assert texts
        assert not [text for text in texts if "nan" in text]
        spreads.append([bool(re.search(r"±.*\n\[.*, .*\]$", text)) for text in texts])
        if runs == 1:
            ours = [line["here"][0] for line in lines if line["section"] != str(claims.PART_1)]
            assert (
                str(judge(found).headline) == "No verdicts: one run is not enough. Use --runs 10."
            )
            assert [text for text in ours if re.fullmatch(r"[\d.]+", text)] == ours
    assert not any(spreads[0])
    assert sum(spreads[1]) >= 50


def test_results_hold_no_number_that_json_has_not(found, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "results", lambda found: {"mean": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        report.write_report(judge(found), tmp_path, "command")


def test_headline_says_why_there_is_no_verdict(found, sample):
    one = dataclasses.replace(found, runs={"official": found.runs["official"][:2]})
    assert str(judge(one).headline) == "No verdicts: one run is not enough. Use --runs 10."
    none = dataclasses.replace(found, runs={})
    assert str(judge(none).headline) == "No verdicts: no run of each implementation was completed."
    other = dataclasses.replace(found, settings=Settings(batch_size=256))
    assert str(judge(other).headline) == (
        "No verdicts: the numbers in the tutorial are for 5 epochs, batch size 200 and learning "
        "rate 0.1."
    )
    own = dataclasses.replace(found, data=sample)
    assert str(judge(own).headline) == (
        "No verdicts: these are files of your own, not an edition of the data set."
    )
    for each in (one, none, other, own):
        assert judge(each).counts == {}


GOOD, OTHER, BUG = verdicts.REPRODUCES, verdicts.ON_RESPLIT, verdicts.EXPLAINED
BAD, OPEN = verdicts.FAILS, verdicts.NO_VERDICT
WITHDRAWN = ", because the tutorial used an edition of the data that was withdrawn later"
FEW = " With 4 runs the intervals are so wide that almost any number matches. Use --runs 10."


@pytest.mark.parametrize(
    ("kinds", "changed", "words"),
    [
        (
            [GOOD] * 17 + [OTHER] * 8 + [BUG] * 5,
            {},
            "Yes: all 30 numbers are accounted for. 17 match on the official data; 8 match only on "
            f"a different train/test split{WITHDRAWN}; 5 come from a bug in its accuracy line.",
        ),
        ([GOOD] * 3, {}, "Yes: all 3 numbers are accounted for. 3 match on the official data."),
        (
            [BUG, OTHER, GOOD],
            {},
            "Yes: all 3 numbers are accounted for. 1 matches on the official data; 1 matches only "
            f"on a different train/test split{WITHDRAWN}; 1 comes from a bug in its accuracy line.",
        ),
        (
            [GOOD] * 3 + [BAD] * 2,
            {},
            "No: 2 of 5 numbers are neither reproduced nor explained. "
            "3 match on the official data.",
        ),
        (
            [GOOD, BAD],
            {},
            "No: 1 of 2 numbers is neither reproduced nor explained. "
            "1 matches on the official data.",
        ),
        ([BAD] * 2, {}, "No: 2 of 2 numbers are neither reproduced nor explained."),
        (
            [GOOD, BAD],
            {"deviations": {"scratch"}},
            "Only with a change to the program: 1 of 2 numbers does not match without it. 1 "
            "matches on the official data.",
        ),
        (
            [BAD] * 2,
            {"deviations": {"scratch"}},
            "Only with a change to the program: 2 of 2 numbers do not match without it.",
        ),
        (
            [GOOD] * 3,
            {"neither": True},
            "Not quite: each of the 3 numbers is accounted for, but together those of concise fit "
            "no data. 3 match on the official data.",
        ),
        (
            [GOOD, OPEN, OPEN],
            {"partial": True},
            "No answer yet. 1 matches on the official data; 2 wait for runs that were not made.",
        ),
        ([OPEN], {}, "No answer yet. 1 waits for runs that were not made."),
        (
            [GOOD] * 3,
            {"runs": 4},
            "Yes, as far as 4 runs can show: all 3 numbers are accounted for. 3 match on the "
            f"official data.{FEW}",
        ),
        (
            [GOOD, BAD],
            {"runs": 4},
            "No: 1 of 2 numbers is neither reproduced nor explained. "
            "1 matches on the official data." + FEW,
        ),
        (
            [GOOD] * 3,
            {"facts": [verdicts.SAME, BUG, BAD]},
            "Not quite: all 3 numbers are accounted for. 3 match on the official data. Different "
            "from the tutorial: fact 2.",
        ),
        (
            [GOOD] * 2 + [OTHER] * 2 + [BUG] * 2,
            {"reader": True},
            "Yes: all 6 numbers are accounted for. 2 match on the official data; 2 match only on a "
            "different train/test split, which points to the edition of the data that was "
            "withdrawn later; 2 come from a bug in the accuracy line.",
        ),
        (
            [BUG],
            {"reader": True},
            "Yes: all 1 numbers are accounted for. 1 comes from a bug in the accuracy line.",
        ),
        (
            [GOOD] * 3,
            {"edition": "mxnet"},
            "Yes: all 3 numbers are accounted for. 3 match on the withdrawn edition of the data.",
        ),
        (
            [GOOD] * 3,
            {"edition": "resplit"},
            "Yes: all 3 numbers are accounted for. 3 match on re-split data.",
        ),
    ],
)
def test_headline(kinds, changed, words, found):
    loss = next(claim for claim in found.printed.claims if verdicts.is_judged(claim))
    judged = [verdicts.JudgedClaim(claim=loss, verdict=kind, intervals={}) for kind in kinds]
    # A number that is neither judged nor counted.
    judged.append(verdicts.JudgedClaim(found.printed.claims[0], {}, OPEN))
    edition = changed.get("edition", "official")
    runs = found.runs["official"] * 10
    given = dataclasses.replace(
        found,
        data=dataclasses.replace(found.data, edition=edition),
        # With few runs, the number of runs on other data does not matter.
        runs={
            **({"resplit": runs} if "runs" in changed else {}),
            edition: runs[: 2 * changed.get("runs", 5)],
        },
        exact_results=[
            ExactResult(f"fact {number}", "", 0, 0, verdict)
            for number, verdict in enumerate(changed.get("facts", ()))
        ],
        partial=changed.get("partial", False),
        deviations=changed.get("deviations", set()),
    )
    tables = []
    if changed.get("neither"):
        tables = [SimpleNamespace(table="scratch", edition="official")]
        tables.append(SimpleNamespace(table="concise", edition="neither"))
    judgement = Judgement(given, judged, tables, {})
    assert bool(judgement.failures) == (words.startswith("No:") or "facts" in changed)
    if changed.get("reader"):
        given.printed = dataclasses.replace(given.printed, name="table.txt")
    assert str(judgement.headline) == words
    assert judgement.counts == Counter(kinds)


def test_numbers_that_each_edition_accounts_for_alone(found):
    within = dict.fromkeys(found.runs, 0)
    for each in judge(found).verdicts:
        for edition, (low, high) in each.intervals.items():
            half = 0.5 * 10.0**-each.claim.digits
            within[edition] += low - half <= each.claim.printed <= high + half
    assert str(judge(found).each_alone) == (
        f"The official data alone account for {within['official']} of the 30 numbers, re-split "
        f"data alone for {within['resplit']}."
    )
    alone = dataclasses.replace(found, runs={"official": found.runs["official"]})
    assert str(judge(alone).each_alone) == ""


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize(
    "text",
    [
        "Yes: all 30 numbers are accounted for. 17 match on the official data; 8 match only on a",
        "能：全部 30 个数字都有了解释。17 个用官方数据就能得到；8 个要换一种划分（旧版）。",
    ],
)
def test_lines_are_broken_in_both_languages(text, width):
    lines = wrapped(text, width)
    columns = [sum(1 + (ord(character) > 0x2E7F) for character in line) for line in lines]
    assert len(lines) > 1
    # A mark that must not begin a line may stand out.
    assert max(columns) <= width + 2
    assert min(columns[:-1]) > width - 14
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not [line for line in lines if line[0] in "。，；：）"]
    if "Yes" in text:
        assert lines == textwrap.wrap(text, width)


def test_facts_on_the_page_have_their_names_numbers_and_notes(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    lines = re.findall(r"<tr[ >].*?</tr>", page, re.DOTALL)
    for fact in found.exact_results:
        [row] = [line for line in lines if f'<th scope="row">{fact.name}</th>' in line]
        assert in_words(fact.printed) in row
        assert in_words(fact.here) in row
        if fact.note:
            [number] = re.findall(r'href="#note-(\d)"', row)
            assert f'<li id="note-{number}">{fact.note}</li>' in page


def test_each_note_stands_once_and_is_linked_to(out, found):
    page = (out / "index.html").read_text("utf-8")
    notes = re.findall(r'<li id="note-(\d)">(.*?)</li>', page)
    assert [number for number, _ in notes] == [str(n + 1) for n in range(len(notes))]
    assert len({text for _, text in notes}) == len(notes)
    linked = re.findall(r'href="#note-(\d)"', page)
    assert set(linked) == {number for number, _ in notes}
    # The five numbers of the mistaken column share one.
    assert max(linked.count(number) for number in linked) == 5


def test_each_chip_leads_to_the_rows_of_its_verdict(out, found):
    page = (out / "index.html").read_text("utf-8")
    chips = re.findall(r'href="#only-(\w+)"><strong>(\d+)</strong>', page)
    rows = re.findall(r'<tr class="(\w+)">', page[page.index('class="numbers"') :])
    judged = [row for row in judge(found).verdicts if verdicts.is_judged(row.claim)]
    assert sum(int(n) for _, n in chips) == len(judged) == 30
    for name, n in chips:
        assert f'<div id="only-{name}"></div>' in page
        assert f"#only-{name}:target ~ .numbers tbody tr:not(.{name})" in page
        facts = sum(fact.verdict == verdicts.FAILS for fact in found.exact_results)
        assert rows.count(name) == int(n) + (facts if name == "fails" else 0)


def test_ids_are_unique_and_links_lead_somewhere(out):
    page = (out / "index.html").read_text("utf-8")
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) > 100
    assert len(set(ids)) == len(ids)
    inside = re.findall(r'(?:href="#|url\(#)([^")]*)', page)
    assert inside
    assert set(inside) <= set(ids)
    files = {name for name in re.findall(r'href="([^"#]*)"', page) if ":" not in name}
    assert files == {path.name for path in out.iterdir()} - {"index.html"}


def test_precision_and_recall(sample):
    counts = np.zeros((10, 10), int)
    counts[0, 0], counts[0, 1], counts[1, 1], counts[2, 1] = 3, 1, 4, 5
    matrix = report._matrix(counts)
    assert matrix["recall"] == ["75", "100", "0", *[""] * 7]
    assert matrix["precision"] == ["100", "40", *[""] * 8]
    assert matrix["rows"][0][:2] == [(3, "0.75"), (1, "0.25")]
    assert str(matrix["correct"]) == "7 of 13 test images are correct."


def test_the_run_is_described(found, monkeypatch):
    monkeypatch.setattr(found, "started", "")
    monkeypatch.setattr(found, "seconds", None)
    shown = report.page(judge(found), [], {}, "command")
    assert "<dt>Started</dt>" not in shown
    assert "<dt>Duration</dt>" not in shown
    monkeypatch.setattr(found, "started", "2026-07-06 09:30 +0800")
    monkeypatch.setattr(found, "seconds", 205.4)
    shown = report.page(judge(found), [], {}, "command")
    assert "<dt>Started</dt><dd>2026-07-06 09:30 +0800</dd>" in shown
    assert "<dt>Duration</dt><dd>3 min 25 s</dd>" in shown
    assert f"gluon-softmax {__version__}, python" in shown


def test_the_commit_is_that_of_the_checkout(found, monkeypatch, tmp_path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    module = tmp_path / "gluon_softmax" / "reproduction" / "report.py"
    monkeypatch.setattr(report, "__file__", str(module))
    assert report._commit() == ""
    subprocess.run([*git, "init", "-q"], check=True)
    assert report._commit() == ""
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, stdout=subprocess.PIPE)
    assert re.fullmatch("[0-9a-f]{10,}", report._commit())
    assert done.stdout.decode().startswith(report._commit())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert report._commit() == ""


def test_failures_are_named_on_the_page(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    assert judge(found).failures
    assert f"Not reproduced and not explained: {'; '.join(judge(found).failures)}." in page


def test_two_facts_that_fail_are_named_one_after_the_other(found, tmp_path):
    facts = [dataclasses.replace(fact, verdict=verdicts.FAILS) for fact in found.exact_results[:2]]
    given = dataclasses.replace(found, exact_results=facts)
    page = html.unescape(report.page(judge(given), [], tmp_path, "command"))
    names = [fact.name for fact in facts]
    assert f"Not reproduced and not explained: {names[0]}; {names[1]}" in page


def test_the_sentences_below_a_matrix_stand_apart(out):
    page = (out / "index.html").read_text("utf-8")
    sentences = re.findall(r"test images are correct\.(.*?)Recall: the proportion", page)
    assert sentences == [" "] * len(sentences) != []


def test_a_report_without_runs(sample, tmp_path):
    nothing = Experiment(sample, Settings(), 0, 10, partial=True)
    report.write_report(judge(nothing), tmp_path, "command")
    page = (tmp_path / "index.html").read_text("utf-8")
    assert '<th scope="col">ours</th>' in page
    assert "Not reproduced and not explained" not in page
    assert "partial" in page
    assert "<dt>Completed runs</dt><dd>none (10 requested, seeds from 0)</dd>" in page
    assert "Interrupted" in summary(judge(nothing))


def test_the_tutorials_points_are_not_drawn_over_other_data(sample):
    own = reproduce(sample, Settings(), seed=0, runs=1, read=False)
    [curves] = [picture for picture in pictures(judge(own)) if picture.name == "curves"]
    labels = curves.figure.legends[0].get_texts()
    assert "tutorial" not in [label.get_text() for label in labels]


# A page of its own, since the report forbids scripts: it holds the report in a frame of the width
# of a desktop or a phone, light or dark, and writes down how wide the content is, what was loaded,
# and what axe has to say against it.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>
<iframe width="{width}" height="900" srcdoc="{page}" style="color-scheme: {scheme}"></iframe>
<script>
onload = async () => {{
  const frame = document.querySelector("iframe").contentWindow;
  const root = frame.document.documentElement;
  const axe = await frame.axe.run();
  document.getElementById("found").textContent = JSON.stringify({{
    inner: frame.innerWidth, content: root.scrollWidth,
    images: [...frame.document.images].map(i => i.complete && i.naturalWidth > 0),
    loaded: frame.performance.getEntriesByType("resource").map(e => e.name.slice(0, 40)),
    tables: [...frame.document.querySelectorAll(".scroll")].map(
      e => e.scrollWidth - e.clientWidth),
    texts: [...frame.document.querySelectorAll("svg text, .tiles span, .matrix td, .matrix th")]
      .filter(e => e.getClientRects().length).map(e => {{
        const svg = e.ownerSVGElement;
        const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        return scale * parseFloat(frame.getComputedStyle(e).fontSize);
      }}),
    cut: [...frame.document.querySelectorAll("svg text")].filter(e => {{
      const inner = e.getBoundingClientRect(), outer = e.ownerSVGElement.getBoundingClientRect();
      return inner.left < outer.left - 1 || inner.right > outer.right + 1;
    }}).map(e => e.textContent),
    answer: frame.document.getElementById("answer")?.getBoundingClientRect().bottom,
    sticky: (() => {{
      const table = frame.document.querySelector(".numbers");
      if (!table) return null;
      frame.scrollTo(0, frame.scrollY + table.getBoundingClientRect().top + 500);
      const top = table.querySelector("th").getBoundingClientRect().top;
      frame.scrollTo(0, 0);
      return top;
    }})(),
    inks: [...frame.document.querySelectorAll("svg text")].map(e => frame.getComputedStyle(e).fill),
    dark: frame.matchMedia("(prefers-color-scheme: dark)").matches,
    against: axe.violations.map(v => v.id + ": " + v.nodes[0].html),
    checked: axe.passes.map(v => v.id),
  }});
}};
</script>"""


def in_browser(page, width, folder, scheme="light"):
    axe_core_python = pytest.importorskip("axe_core_python", reason="axe needs Python 3.10")
    axe = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium, which CI installs")
        pytest.skip("no Chromium")
    harness = folder / "harness.html"
    # With axe in it, it must allow scripts.
    page = re.sub(r"<meta http-equiv=[^>]*>", "", page)
    page = page.replace("<head>", f"<head><script>{axe}</script>")
    harness.write_text(HARNESS.format(width=width, scheme=scheme, page=html.escape(page)), "utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    flags += " --disable-background-networking --disable-component-update --dump-dom"
    flags += f" --virtual-time-budget=10000 --user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [browser, *flags.split(), harness.as_uri()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )
    found = re.search(r'<pre id="found">(.+?)</pre>', done.stdout.decode())
    assert found, "the page did not load"
    return json.loads(html.unescape(found.group(1)))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800, 375])
def test_page_in_a_browser(out, width, scheme, tmp_path):
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<meta http-equiv=") == 1
    seen = in_browser(page, width, tmp_path, scheme)
    assert seen["dark"] == (scheme == "dark")
    assert seen["against"] == []
    assert {"color-contrast", "image-alt"} <= set(seen["checked"])
    # All text in pictures is legible, and the first picture is visible at once.
    assert len(seen["texts"]) > 200
    assert min(seen["texts"]) >= 11
    assert seen["cut"] == []
    # The head of the table stays visible; on a narrow screen there is none.
    assert seen["sticky"] == 0
    assert seen["answer"] < 800 or width < 1280
    assert set(seen["inks"]) == {"rgb(238, 238, 238)" if scheme == "dark" else "rgb(26, 26, 26)"}
    assert abs(seen["inner"] - width) < 20
    assert seen["content"] <= seen["inner"]
    assert seen["tables"] == [0]
    assert seen["images"] == [True] * 66
    assert [name for name in seen["loaded"] if not name.startswith("data:")] == []


def test_the_browser_test_can_fail(tmp_path):
    page = (
        "<html><head></head><body>"
        '<div class="scroll" style="width: 3000px; color: #aaa; background: #bbb">wide</div>'
        '<img src="http://127.0.0.1:9/missing.png">'
        '<svg viewBox="0 0 200 9" width="100"><text x="190" font-size="10">too long</text></svg>'
    )
    seen = in_browser(page, 390, tmp_path)
    assert seen["content"] > seen["inner"]
    assert seen["images"] == [False]
    rules = {against.split(":")[0] for against in seen["against"]}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= rules
    assert seen["loaded"] == ["http://127.0.0.1:9/missing.png"]
    assert seen["texts"] == [5]
    assert seen["cut"] == ["too long"]


def test_nothing_of_an_older_report_stays(sample, tmp_path, monkeypatch):
    for name in ("mine", *NAMES):
        (tmp_path / f"{name}.png").touch()
    own = reproduce(sample, Settings(epochs=1), seed=0, runs=1, read=False)
    report.write_report(judge(own), tmp_path, "command")
    assert not (tmp_path / "answer.png").exists()
    assert (tmp_path / "mine.png").exists()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "save_for_page", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report.write_report(judge(own), tmp_path, "command")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.png", "results.json"]


def test_a_page_without_verdicts(sample):
    own = judge(reproduce(sample, Settings(epochs=1), seed=0, runs=2, read=False))
    page = report.page(own, [], {}, "command")
    assert "in brackets" not in page
    captions = [str(picture.caption) for picture in pictures(own)]
    assert not any("tutorial" in caption for caption in captions)
    # The exact results are compared nevertheless.
    class_of = {line["name"]: line["class"] for line in report._lines(own, columns(own))}
    assert class_of["number of training examples"] == "fails"
    assert class_of["dtype of the images"] == "same"


def test_the_caption_of_the_confusion_matrix_names_the_most_frequent_error(found):
    [confusion] = [each for each in pictures(judge(found)) if each.name == "confusion"]
    errors = confusion.counts - np.diag(np.diag(confusion.counts))
    true, predicted = np.argwhere(errors == errors.max())[0]
    assert str(confusion.caption).endswith(
        f"The most frequent error: {errors.max()} images of the class {CLASS_NAMES[true]} are "
        f"predicted as {CLASS_NAMES[predicted]}."
    )
