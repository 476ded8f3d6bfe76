"""Fixtures that the tests of one module share, with ``make mutants`` in mind."""

import os

# Modules that run after training: errors planted in them do not change the runs.
AFTER_TRAINING = tuple(
    f"gluon_softmax.reproduction.{name}"
    for name in (
        "claims.",
        "report_columns.",
        "table_distribution.",
        "answer.",
        "published_runs.",
        "reader.column_kinds.",
        "reader.settings_search.",
        "report.",
        "table_fit.",
        "table_parser.",
        "table_sentences.",
        "verdicts.",
    )
)
_kept = {}
_ran = {}


def by_module(fixture_name, config):
    """Return the scope of a fixture: module, or function while mutmut records the tests' coverage.

    With module scope, mutmut would say that only the first test covers the fixture.
    """
    return "function" if os.environ.get("MUTANT_UNDER_TEST") == "stats" else "module"


def kept(make):
    """Make a fixture's value, or reuse it if a planted error cannot change it.

    mutmut runs all tests without an error, and then forks for each error.
    """
    if "MUTANT_UNDER_TEST" not in os.environ:
        return make()
    mutant = os.environ["MUTANT_UNDER_TEST"]
    name = make.__module__, make.__qualname__
    if mutant == "stats":
        return _noted(name, make)
    if name not in _kept or not mutant.startswith(AFTER_TRAINING):
        _kept[name] = make()
    return _kept[name]


def _noted(name, make):
    """Make it for the first test, and let mutmut record its coverage for each other test."""
    from mutmut.state import state

    ran = state()._stats
    if name not in _kept:
        before = set(ran)
        ran.clear()
        _kept[name] = make()
        _ran[name] = set(ran)
        ran |= before
    ran |= _ran[name]
    return _kept[name]


def texts(figure):
    """Return all texts in a picture."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]
