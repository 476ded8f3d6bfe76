import dataclasses
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from shared import by_module, kept

from gluon_softmax.reproduction import claims, report, verdicts
from gluon_softmax.reproduction.facts import in_words
from gluon_softmax.reproduction.figures import is_wide
from gluon_softmax.reproduction.findings import Reproduction, headline
from gluon_softmax.reproduction.joint import judge_tables
from gluon_softmax.reproduction.pictures import pictures
from gluon_softmax.reproduction.reproduce import reproduce
from gluon_softmax.reproduction.rows import rows
from gluon_softmax.reproduction.summary import summary
from gluon_softmax.training.machine import processor
from gluon_softmax.training.run import Settings


@pytest.fixture(scope=by_module)
def found(sample):
    data = dataclasses.replace(sample, edition="official", origin='a <b>folder</b> & "more"')
    return kept(lambda: reproduce(data, Settings(), seed=0, runs=2, read=True))


@pytest.fixture(scope=by_module)
def out(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    report.write_report(found, folder, "python -m gluon_softmax reproduce --out '<x>'")
    return folder


def test_files(out):
    text = (out / "results.json").read_text("utf-8")
    assert text.startswith('{\n "schema_version": 3,\n')
    assert text.endswith("\n}\n")
    assert json.loads(text)["schema_version"] == 3
    pictures = {
        "all-figures",
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


def test_page_leads_with_the_answer_and_holds_every_figure(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    body = page[page.index("<body>") :]
    assert body.index(headline(found)) < body.index('id="all-figures"') < body.index("<table")
    assert body.count('<figure id="all-figures"') == 1
    assert all(verdict.figure.name in body for verdict in found.verdicts())
    assert len(re.findall(r'<img src="data:image/png;base64,', body)) == 9


def test_page_says_what_was_asked_and_how_it_was_judged(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    assert f"does {found.printed.name} reproduce?</h1>" in page
    assert "Trained here on the <strong>official</strong> edition" in page
    assert "python -m gluon_softmax reproduce --out '<x>'" in page
    assert ("A table as a whole is judged" in page) == bool(judge_tables(found))
    assert f"<dt>Processor</dt><dd>{processor()}</dd>" in page
    seconds = found.reading_seconds
    cells = ["seconds to read the training set once", "2.90", f"{seconds:.2f}"]
    cells += [f"ratio {seconds / 2.90:.2f}", "a time is the machine's, it gets no verdict"]
    [line] = [row for row in page.split("</tr>") if cells[0] in row]
    assert re.sub(r"\s*(<[^>]*>\s*)+", "|", line).strip("|").split("|") == cells


def test_one_run_has_no_spread(sample, tmp_path):
    """And two have; what is not there leaves nothing behind."""
    data = dataclasses.replace(sample, edition="official")
    spreads = []
    for runs in (1, 2):
        found = reproduce(data, Settings(epochs=5), seed=0, runs=runs, read=False)
        lines = [line for line in report._lines(found, rows(found)) if line["verdict"] != "same"]
        texts = [text for line in lines for text in line["here"] if text]
        assert texts
        assert not [text for text in texts if "nan" in text]
        spreads.append([bool(re.search(r"±.*\n\[.*, .*\]$", text)) for text in texts])
        if runs == 1:
            ours = [line["here"][0] for line in lines if line["section"] != claims.PART_1]
            assert [text for text in ours if re.fullmatch(r"[\d.]+", text)] == ours
    assert not any(spreads[0])
    assert sum(spreads[1]) >= 50


def test_results_hold_no_number_that_json_has_not(found, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "results", lambda found: {"mean": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        report.write_report(found, tmp_path, "command")


def test_summary_is_short(found):
    lines = summary(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith(("scratch", "concise")) for line in lines) == 31


def test_headline_says_why_there_is_no_verdict(found, sample):
    assert "of 30 figures reproduce" in headline(found)
    one = dataclasses.replace(found, runs={"official": found.runs["official"][:2]})
    assert headline(one) == "No verdicts: one run settles nothing; --runs 10 does."
    none = dataclasses.replace(found, runs={})
    assert headline(none) == "No verdicts: no run ended; --runs 10 settles it."
    other = dataclasses.replace(found, settings=Settings(batch_size=256))
    assert headline(other) == (
        "No verdicts: the tutorial's figures are for 5 epochs, batch size 200 and learning rate "
        "0.1."
    )
    own = dataclasses.replace(found, data=sample)
    assert headline(own) == (
        "No verdicts: these are files of your own, not an edition of the data set."
    )


@pytest.mark.parametrize(
    ("explained", "failing", "words"),
    [
        (1, 2, "2 of 5 figures reproduce, 1 more is explained, 2 do not."),
        (2, 1, "2 of 5 figures reproduce, 2 more are explained, 1 does not."),
    ],
)
def test_headline_in_the_singular(explained, failing, words, found, monkeypatch):
    kinds = [verdicts.EXPLAINED] * explained + [verdicts.FAILS] * failing
    kinds += [verdicts.REPRODUCES] * 2
    loss = next(figure for figure in found.printed.figures if verdicts.is_judged(figure))
    judged = [verdicts.Verdict(figure=loss, verdict=kind, intervals={}) for kind in kinds]
    monkeypatch.setattr(Reproduction, "verdicts", lambda self: judged)
    assert headline(found).startswith(words)


def test_facts_on_the_page_have_their_names_numbers_and_notes(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    lines = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    for fact in found.facts:
        [row] = [line for line in lines if f'<th scope="row">{fact.name}</th>' in line]
        assert in_words(fact.printed) in row
        assert in_words(fact.here) in row
        if fact.note:
            assert str(fact.note) in row


def test_narrow_pictures_are_two_to_a_row(out, found):
    page = (out / "index.html").read_text("utf-8")
    halves = set(re.findall(r'<figure id="(\S+)" class="half">', page))
    shown = pictures(found)
    assert halves == {picture.name for picture in shown if not is_wide(picture.figure)}
    assert 0 < len(halves) < len(shown)


def test_what_fails_is_named_on_the_page(out, found):
    page = html.unescape((out / "index.html").read_text("utf-8"))
    assert found.failures()
    assert f"Neither reproduced nor explained: {'; '.join(found.failures())}." in page


def test_the_columns_of_a_report_without_runs(sample, tmp_path):
    nothing = Reproduction(sample, Settings(), 0, 10)
    report.write_report(nothing, tmp_path, "command")
    assert '<th scope="col">ours</th>' in (tmp_path / "index.html").read_text("utf-8")


def test_the_tutorials_points_are_not_drawn_over_other_data(sample):
    from gluon_softmax.reproduction.pictures import pictures

    own = reproduce(sample, Settings(), seed=0, runs=1, read=False)
    [curves] = [picture for picture in pictures(own) if picture.name == "curves"]
    labels = curves.figure.legends[0].get_texts()
    assert "tutorial" not in [label.get_text() for label in labels]


def test_report_of_nothing_but_an_interruption(sample, tmp_path):
    nothing = Reproduction(sample, Settings(), 0, 10, partial=True)
    report.write_report(nothing, tmp_path, "command")
    assert "partial" in (tmp_path / "index.html").read_text("utf-8")
    assert "Interrupted" in summary(nothing)


# A page of its own, since the report forbids scripts: it holds the report in a frame of the width
# of a desktop or a phone, light or dark, and writes down how wide the content is, what was loaded,
# and what axe has to say against it.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>
<iframe width="{width}" height="900" srcdoc="{page}" style="color-scheme: {scheme}"></iframe>
<script>
onload = async () => {{
  const frame = document.querySelector("iframe").contentWindow;
  const root = frame.document.documentElement;
  document.getElementById("found").textContent = JSON.stringify({{
    inner: frame.innerWidth, content: root.scrollWidth,
    images: [...frame.document.images].map(i => i.complete && i.naturalWidth > 0),
    loaded: frame.performance.getEntriesByType("resource").map(e => e.name.slice(0, 40)),
    tables: [...frame.document.querySelectorAll(".scroll")].map(
      e => e.scrollWidth - e.clientWidth),
    halves: [...frame.document.querySelectorAll(".half")].map(e => e.getBoundingClientRect().x),
    dark: frame.matchMedia("(prefers-color-scheme: dark)").matches,
    against: (await frame.axe.run()).violations.map(v => v.id + ": " + v.nodes[0].html),
    checked: (await frame.axe.run()).passes.map(v => v.id),
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_page_in_a_browser(out, width, scheme, tmp_path):
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<meta http-equiv=") == 1
    seen = in_browser(page, width, tmp_path, scheme)
    assert seen["dark"] == (scheme == "dark")
    assert seen["against"] == []
    assert {"color-contrast", "image-alt"} <= set(seen["checked"])
    # Two pictures to a row where there is room.
    assert len(set(seen["halves"])) == (2 if width == 1280 else 1)
    assert abs(seen["inner"] - width) < 20
    assert seen["content"] <= seen["inner"]
    assert seen["tables"] == [0]
    assert seen["images"] == [True] * 9
    assert [name for name in seen["loaded"] if not name.startswith("data:")] == []


def test_the_browser_test_can_fail(tmp_path):
    page = (
        "<html><head></head><body>"
        '<div class="scroll" style="width: 3000px; color: #aaa; background: #bbb">wide</div>'
        '<img src="http://127.0.0.1:9/missing.png">'
    )
    seen = in_browser(page, 390, tmp_path)
    assert seen["content"] > seen["inner"]
    assert seen["images"] == [False]
    rules = {against.split(":")[0] for against in seen["against"]}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= rules
    assert seen["loaded"] == ["http://127.0.0.1:9/missing.png"]
