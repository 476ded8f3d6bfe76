"""The main job, cell by cell: on the real sample, and on runs whose numbers are known."""

import csv
import dataclasses
import html
import json
import re

import numpy as np
import pytest
from scipy import stats
from shared import by_module, kept

from gluon_softmax.commands import main as cli
from gluon_softmax.data.fashion_mnist import CLASS_NAMES
from gluon_softmax.data.resplit import resplit
from gluon_softmax.reproduction import claims, report, reproduce, verdicts
from gluon_softmax.reproduction.facts import find_facts
from gluon_softmax.reproduction.findings import Reproduction, headline
from gluon_softmax.reproduction.joint import in_a_sentence, judge_tables
from gluon_softmax.reproduction.pictures import pictures
from gluon_softmax.reproduction.published import predict
from gluon_softmax.reproduction.results import results
from gluon_softmax.reproduction.summary import FORMATS, sentences, summary, table
from gluon_softmax.reproduction.versions import VERSIONS
from gluon_softmax.training.loop import Records
from gluon_softmax.training.run import Run, Settings, train_version

# The tutorial's two tables, typed apart from those in `claims`: loss, train acc, test acc.
SCRATCH = """
1 0.7517 0.095 0.790
2 0.5542 0.097 0.826
3 0.5132 0.098 0.822
4 0.4924 0.098 0.835
5 0.4782 0.098 0.842
"""
CONCISE = """
1 0.7508 0.757 0.804
2 0.5546 0.815 0.810
3 0.5139 0.828 0.834
4 0.4927 0.833 0.841
5 0.4770 0.838 0.843
"""
RUNS = 5


def typed():
    """The tutorial's figures: by name, version, what it is in the records, epoch, printed text."""
    for version, printed in (("scratch", SCRATCH), ("concise", CONCISE)):
        for row in printed.split("\n")[1:-1]:
            epoch, *numbers = row.split()
            is_mistaken = version == "scratch"
            for name, metric, text in zip(
                ("loss", '"train acc"' if is_mistaken else "train acc", "test acc"),
                ("loss", "share_predicted_1" if is_mistaken else "train_acc", "test_acc"),
                numbers,
            ):
                yield f"{version}, epoch {epoch}: {name}", version, metric, int(epoch), text


def test_what_the_tutorial_prints_is_as_it_was_typed():
    """Read anew, since what is read at the import no planted error reaches."""
    printed = claims._tutorial()
    assert (printed.name, printed.column) == ("the tutorial", "tutorial")
    assert (printed.epochs, printed.batch_size, printed.lr) == (5, 200, 0.1)
    assert printed == claims.TUTORIAL
    untrained, *figures = printed.figures
    assert dataclasses.astuple(untrained) == (
        "scratch, untrained: test acc",
        "Part 2, from scratch",
        "scratch",
        "scratch",
        "accuracy_before",
        0,
        0.0982,
        4,
        1.0,
    )
    sections = {"scratch": "Part 2, from scratch", "concise": "Part 3, concise"}
    assert [dataclasses.astuple(figure) for figure in figures] == [
        (name, sections[version], version, version, metric, epoch, float(text), len(text) - 2, 1.0)
        for name, version, metric, epoch, text in typed()
    ]


def values(found, edition, version, metric, epoch):
    """A figure's values, from the runs themselves."""
    runs = [run for run in found.runs[edition] if run.version == version]
    return np.array([getattr(run.records, metric)[epoch - 1] for run in runs])


def interval(numbers, metric):
    n = len(numbers)
    scale = numbers.std(ddof=1) * np.sqrt(1 + 1 / n)
    low, high = stats.t.interval(1 - 0.05 / 30, n - 1, loc=numbers.mean(), scale=scale)
    return (low, high) if metric == "loss" else (max(low, 0), min(high, 1))


def judged(found):
    """All figures with means, intervals and verdicts, worked out anew."""
    rows = []
    for name, version, metric, epoch, text in typed():
        of = {e: values(found, e, version, metric, epoch) for e in ("official", "resplit")}
        ends = {edition: interval(numbers, metric) for edition, numbers in of.items()}
        half = 0.5 * 10.0 ** -len(text.split(".")[1])
        inside = {
            edition: low - half <= float(text) <= high + half
            for edition, (low, high) in ends.items()
        }
        verdict = (
            "reproduces"
            if inside["official"]
            else "reproduces on a re-split only"
            if inside["resplit"]
            else "does not reproduce"
        )
        if metric == "share_predicted_1" and any(inside.values()):
            verdict = "explained"
        rows.append((name, text, of, ends, inside, verdict))
    return rows


@pytest.fixture(scope=by_module)
def official(sample):
    return dataclasses.replace(sample, edition="official", origin="the tests")


@pytest.fixture(scope=by_module)
def real(official):
    return kept(lambda: reproduce.reproduce(official, Settings(), seed=3, runs=RUNS, read=False))


@pytest.fixture(scope=by_module)
def made(official):
    """Runs that differ, of which some editions explain some figures, and none some others."""
    random = np.random.RandomState(1)
    found = Reproduction(official, Settings(), 0, RUNS, find_facts(official))
    table = {(version, metric, epoch): float(text) for _, version, metric, epoch, text in typed()}
    for edition in ("official", "resplit"):
        found.runs[edition] = []
        for seed in range(RUNS):
            for version in VERSIONS:
                series = {name: [] for name in ("loss", "train_acc", "share_predicted_1")}
                series["test_acc"] = []
                for epoch in range(1, 6):
                    for number, (metric, column) in enumerate(series.items()):
                        value = table.get((version, metric, epoch), 0.5)
                        # By turns: near, far in one edition, far in both.
                        turn = (epoch + number + (version == "concise")) % 4
                        far = turn == 3 or (turn == 2 and edition == "official")
                        # Skewed, so that no mean is a median.
                        noise = 0.002 * random.exponential() - 0.001
                        column.append(value + 0.3 * far * (1 if value < 0.5 else -1) + noise)
                parameters = random.normal(size=(784, 10)).astype("f"), np.zeros(10, "f")
                shares = [[0.1, share, *[0.1] * 8] for share in series.pop("share_predicted_1")]
                records = Records(**series, shares=shares, seconds=[0.1] * 5)
                found.runs[edition].append(Run(version, seed, 0.1, records, parameters))
    return found


def test_the_figures_are_those_of_the_tutorial():
    ours = [
        (figure.name, figure.version, figure.metric, figure.epoch, figure.printed, figure.digits)
        for figure in claims.TUTORIAL.figures
        if figure.epoch
    ]
    assert ours == [
        (name, version, metric, epoch, float(text), len(text.split(".")[1]))
        for name, version, metric, epoch, text in typed()
    ]


def test_each_run_is_the_one_of_its_seed_and_split(real, official):
    for edition in ("official", "resplit"):
        for k in range(RUNS):
            data = official if edition == "official" else resplit(official, 3 + k)
            for version, package in VERSIONS.items():
                alone = train_version(package, data, Settings(), 3 + k, on_epoch=lambda _: None)
                ours = [run for run in real.runs[edition] if run.version == version][k]
                assert ours.seed == alone.seed
                assert ours.accuracy_before == alone.accuracy_before
                for name in ("loss", "train_acc", "share_predicted_1", "test_acc"):
                    assert getattr(ours.records, name) == getattr(alone.records, name)
                np.testing.assert_array_equal(ours.parameters[0], alone.parameters[0])


@pytest.mark.parametrize("kind", ["real", "made"])
def test_every_cell_of_the_table(kind, request):
    found = request.getfixturevalue(kind)
    lines = summary(found).splitlines()
    predicted = predict(found)
    others = "    others" if predicted else ""
    assert lines[0] == f"{'figure':29} tutorial  official   resplit{others}  verdict"
    assert bool(others) == (kind == "real")
    theirs = {figure.name: f"{it.mean:10.4f}" for figure, it in predicted.items()}
    assert len(theirs) in (0, 25)
    short = {"reproduces on a re-split only": "re-split", "does not reproduce": "FAILS"}
    before = [run.accuracy_before for run in found.runs["official"] if run.version == "scratch"]
    split = [run.accuracy_before for run in found.runs["resplit"] if run.version == "scratch"]
    expected = [
        f"{'scratch, untrained: test acc':29} {'0.0982':>8}{np.mean(before):10.4f}"
        f"{np.mean(split):10.4f}{' ' * len(others)}  no verdict"
    ]
    expected += [
        f"{name:29} {text:>8}{of['official'].mean():10.4f}{of['resplit'].mean():10.4f}"
        f"{theirs.get(name, ' ' * len(others))}  {short.get(verdict, verdict)}"
        for name, text, of, _, _, verdict in judged(found)
    ]
    assert lines[1:32] == expected
    end = lines.index("", 33)
    assert " ".join(lines[33:end]) == headline(found)
    assert " ".join(lines[end + 1 :]) == "  ".join(sentences(found))
    assert sentences(found)[0] == in_a_sentence(judge_tables(found))
    assert len(sentences(found)) == (2 if predicted else 1)


@pytest.mark.parametrize("kind", ["real", "made"])
def test_the_table_in_other_forms(kind, request):
    found = request.getfixturevalue(kind)
    cells = [re.split(r"\s\s+|(?<=[0-9a-z]) (?=0\.)", line) for line in table(found)]
    rows = list(csv.reader(table(found, "csv")))
    others = ["others"] * (kind == "real")
    assert rows[0] == ["figure", "tutorial", "official", "resplit", *others, "verdict"]
    assert len(rows) == 32
    assert cells[1:] == [[cell for cell in row if cell] for row in rows[1:]]
    lines = table(found, "markdown")
    assert lines[1] == f"| --- | ---: | ---: | ---: |{' ---: |' * len(others)} --- |"
    del lines[1]
    assert [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines] == rows
    assert FORMATS == ("text", "markdown", "csv")


def test_the_made_runs_have_every_verdict(made):
    assert {row[-1] for row in judged(made)} == {
        "reproduces",
        "reproduces on a re-split only",
        "does not reproduce",
        "explained",
    }
    numbers = [numbers for row in judged(made) for numbers in row[2].values()]
    assert sum(f"{n.mean():.4f}" != f"{np.median(n):.4f}" for n in numbers) > 40


@pytest.mark.parametrize("kind", ["real", "made"])
def test_every_number_of_the_json(kind, request):
    found = request.getfixturevalue(kind)
    written = json.loads(json.dumps(results(found), allow_nan=False))
    entries = {claim["name"]: claim for claim in written["claims"]}
    rows = judged(found)
    assert len(entries) == len(rows) + len(claims.FACTS) + 1
    for name, text, of, ends, _, verdict in rows:
        entry = entries[name]
        assert entry["printed"] == float(text)
        assert entry["verdict"] == verdict
        for edition in ("official", "resplit"):
            assert entry["here"][edition] == pytest.approx(of[edition].mean(), rel=1e-12)
            assert entry["interval"][edition] == pytest.approx(ends[edition], rel=1e-9)
    for edition in ("official", "resplit"):
        for version in VERSIONS:
            of_version = written["editions"][edition][version]
            assert of_version["seeds"] == [found.seed + k for k in range(RUNS)]
            for metric in ("loss", "train_acc", "share_predicted_1", "test_acc"):
                numbers = np.transpose(
                    [values(found, edition, version, metric, epoch) for epoch in range(1, 6)]
                )
                assert of_version[metric]["values"] == numbers.tolist()
                np.testing.assert_allclose(of_version[metric]["mean"], numbers.mean(axis=0))
                np.testing.assert_allclose(of_version[metric]["sd"], numbers.std(axis=0, ddof=1))
    for version in VERSIONS:
        first = next(run for run in found.runs["official"] if run.version == version)
        assert written[version]["test_acc"] == first.records.test_acc


@pytest.mark.parametrize("kind", ["real", "made"])
def test_every_cell_of_the_page(kind, request, tmp_path):
    found = request.getfixturevalue(kind)
    page = html.unescape(report.page(found, [], tmp_path, "command"))
    assert "A table as a whole is judged by all its figures at once" in page
    theirs = {figure.name: it for figure, it in predict(found).items()}
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    for name, text, of, ends, _, verdict in judged(found):
        row = table[table.index(f">{name}<") :].split("</tr>")[0]
        cells = re.findall(r"<td[^>]*>(.*?)(?:<br>.*?)?</td>", row, re.DOTALL)
        expected = [text]
        for edition in ("official", "resplit"):
            low, high = ends[edition]
            numbers = of[edition]
            expected.append(
                f"{numbers.mean():.4f} ± {numbers.std(ddof=1):.4f}\n[{low:.4f}, {high:.4f}]"
            )
        if name in theirs:
            expected.append("{:.4f}\n[{:.4f}, {:.4f}]".format(*theirs[name]))
        elif theirs:
            expected.append("")
        assert [cell.strip() for cell in cells] == [*expected, verdict]
    assert headline(found) in page
    assert in_a_sentence(judge_tables(found)) in page
    for words in ("Others' runs: what those that were published", "What others' runs predict is"):
        assert (words in page) == bool(theirs)
    assert "As 30 figures are judged at once, each interval has level 0.0017," in page


def test_the_headline_counts_what_waits(made):
    found = dataclasses.replace(made, runs={"official": made.runs["official"]})
    waiting = sum(not row[4]["official"] for row in judged(made))
    assert waiting > 1
    assert f", {waiting} wait for runs that were not made." in headline(found)


@pytest.mark.parametrize("kind", ["real", "made"])
def test_the_headline_counts(kind, request):
    found = request.getfixturevalue(kind)
    rows = judged(found)
    words = [row[-1] for row in rows]
    resplits, fails = (
        words.count("reproduces on a re-split only"),
        words.count("does not reproduce"),
    )
    explained = words.count("explained")
    alone = {e: sum(row[4][e] for row in rows) for e in ("official", "resplit")}
    counts = [f"{words.count('reproduces') + resplits} of 30 figures reproduce"]
    if resplits:
        counts.append(f"{resplits} of them on a re-split only")
    counts.append(f"{explained} more {'is' if explained == 1 else 'are'} explained")
    counts.append(f"{fails} {'does' if fails == 1 else 'do'} not")
    assert headline(found) == (
        ", ".join(counts) + f". Alone, the official edition explains {alone['official']} of the 30 "
        f"and re-splits explain {alone['resplit']}."
    )


def test_the_pictures_in_their_order(real):
    assert [picture.name for picture in pictures(real)] == [
        "all-figures",
        "first-images",
        "curves",
        "mistaken-column",
        "scratch-predictions",
        "confusion",
        "weights",
        "confidently-wrong",
        "concise-predictions",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_nine_test_images(version, real, official):
    [picture] = [p for p in pictures(real) if p.name == f"{version}-predictions"]
    W, b = next(run for run in real.runs["official"] if run.version == version).parameters
    predicted = (official.test_images[:9].reshape(9, -1) / 255 @ W + b).argmax(axis=1)
    labels = official.test_labels[:9]
    marks = ["" if true == guess else " \u2717" for true, guess in zip(labels, predicted)]
    assert [ax.get_title() for ax in picture.figure.axes] == [
        f"{CLASS_NAMES[true]}\n{CLASS_NAMES[guess]}{mark}"
        for true, guess, mark in zip(labels, predicted, marks)
    ]
    for ax, image in zip(picture.figure.axes, official.test_images):
        np.testing.assert_array_equal(ax.images[0].get_array(), image[..., 0])


def test_the_surest_of_the_wrong_come_first(real, official):
    [picture] = [p for p in pictures(real) if p.name == "confidently-wrong"]
    W, b = next(run for run in real.runs["official"] if run.version == "scratch").parameters
    logits = official.test_images.reshape(-1, 784) / 255 @ W.astype(np.float64) + b
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != official.test_labels)
    surest = sorted(wrong, key=lambda index: -probabilities[index].max())[:10]
    titles = [ax.get_title() for ax in picture.figure.axes]
    assert titles == [
        f"{CLASS_NAMES[official.test_labels[index]]}\n{CLASS_NAMES[predicted[index]]}\n"
        f"{probabilities[index].max():.1%} \u2717"
        for index in surest
    ]
    for ax, index in zip(picture.figure.axes, surest):
        np.testing.assert_array_equal(ax.images[0].get_array(), official.test_images[index, ..., 0])


@pytest.mark.parametrize("kind", ["real", "made"])
def test_every_figure_in_one_picture(kind, request):
    found = request.getfixturevalue(kind)
    [picture] = [p for p in pictures(found) if p.name == "all-figures"]
    [ax] = picture.figure.axes
    rows = judged(found)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [name.replace(", epoch", "") for name, *_ in rows]
    units = [(of["official"].mean(), of["official"].std(ddof=1)) for _, _, of, *_ in rows]
    expected = [(float(row[1]) - m) / s for row, (m, s) in zip(rows, units)]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), expected, rtol=1e-9)
    for bars, edition in zip(ax.collections, ("official", "resplit")):
        ends = np.array([[x for x, _ in segment] for segment in bars.get_segments()])
        expected = [[(end - m) / s for end in row[3][edition]] for row, (m, s) in zip(rows, units)]
        np.testing.assert_allclose(ends, expected, rtol=1e-7)


def test_the_curves_show_all_runs_and_the_tutorials_points(made):
    [picture] = [p for p in pictures(made) if p.name == "curves"]
    # Rows: loss, loss above our mean, train acc, test acc; scratch and concise beside each other.
    for number, version in enumerate(VERSIONS):
        column = picture.figure.axes[number::2]
        for ax, metric in zip((column[0], column[3]), ("loss", "test_acc")):
            points = [float(t) for _, v, m, _, t in typed() if (v, m) == (version, metric)]
            official, split, tutorial = (line.get_ydata() for line in ax.lines)
            np.testing.assert_allclose(tutorial, points)
            for line, edition in ((official, "official"), (split, "resplit")):
                means = [values(made, edition, version, metric, e).mean() for e in range(1, 6)]
                np.testing.assert_allclose(line, means)


@pytest.mark.parametrize("fails", [True, False])
def test_check_sees_figures_that_fail(fails, made, official, tmp_path, monkeypatch, capsys):
    found = made
    if not fails:
        # Runs that give just the tutorial's numbers, and facts that are its own.
        found = dataclasses.replace(made, facts=[], runs={"official": made.runs["official"][:2]})
    monkeypatch.setattr("gluon_softmax.commands.reproduce.load_data", lambda arguments: official)
    monkeypatch.setattr(reproduce, "reproduce", lambda *args, **kwargs: found)
    monkeypatch.setattr(report, "write_report", lambda *args: None)
    status = cli.main(["reproduce", "--check", "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert status == (1 if fails else 0)
    if fails:
        failing = [row[0] for row in judged(made) if row[-1] == "does not reproduce"]
        facts = [fact.name for fact in made.facts if fact.verdict == verdicts.FAILS]
        expected = "; ".join([*facts, *failing])
        assert said.err == f"error: neither reproduced nor explained: {expected}\n"
        assert said.out.count("FAILS") == len(failing) > 0


# What ten runs on the official edition and on re-splits settle, with room to spare for another
# processor's rounding.
CLEAR = {
    "scratch, epoch 1: loss": "reproduces",
    "scratch, epoch 1: test acc": "reproduces",
    "scratch, epoch 2: loss": "reproduces",
    "scratch, epoch 3: test acc": "reproduces",
    "scratch, epoch 5: loss": "reproduces on a re-split only",
    "scratch, epoch 5: test acc": "reproduces on a re-split only",
    "concise, epoch 1: loss": "reproduces",
    "concise, epoch 1: train acc": "reproduces",
    "concise, epoch 2: test acc": "reproduces",
    "concise, epoch 5: loss": "reproduces on a re-split only",
    "concise, epoch 5: train acc": "reproduces",
    "concise, epoch 5: test acc": "reproduces on a re-split only",
    **{f'scratch, epoch {epoch}: "train acc"': "explained" for epoch in range(1, 6)},
}


@pytest.fixture(scope=by_module)
def whole(official_data):
    return reproduce.reproduce(official_data, Settings(), seed=0, runs=10, read=False)


@pytest.mark.full_data
def test_the_official_edition(whole):
    words = {verdict.figure.name: verdict.verdict for verdict in whole.verdicts()}
    assert {name: words[name] for name in CLEAR} == CLEAR
    assert "does not reproduce" not in words.values()
    assert whole.failures() == []
    assert headline(whole).startswith("25 of 30 figures reproduce, ")
    assert "5 more are explained, 0 do not." in headline(whole)
    tables = judge_tables(whole)
    assert [each.edition for each in tables] == ["withdrawn", "withdrawn"]
    for whole_table in tables:
        assert whole_table.chi_squares["official"] > 4 * whole_table.chi_squares["resplit"]
        assert whole_table.tried == 20
        assert whole_table.right >= 19


@pytest.mark.full_data
def test_others_predict_what_the_tutorial_prints(whole):
    predicted = {figure.name: prediction for figure, prediction in predict(whole).items()}
    last = predicted["scratch, epoch 5: loss"]
    assert last.mean == pytest.approx(0.4776, abs=0.0006)
    # The official edition's 0.4734 is none of theirs.
    assert 0.4740 < last.low < 0.4770 < 0.4782 < last.high
    assert re.search("predict 2[45] of the 25 figures", sentences(whole)[1])
