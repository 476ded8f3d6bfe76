"""The scope of fixtures that the tests of one module share."""

import os


def by_module(fixture_name, config):
    """Once a module; but once a test while mutmut notes which test runs what.

    It notes it test by test, and would have it that only a fixture's first test tests it.
    """
    return "function" if os.environ.get("MUTANT_UNDER_TEST") == "stats" else "module"
