"""The language of the page: English, or Chinese by the list in ``zh.json``."""

import ctypes
import json
import locale
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator

LANGUAGES = ("en", "zh")
_words: ContextVar[Dict[str, str]] = ContextVar("words")
_NONE: Dict[str, str] = {}


def say(message: str, **values: object) -> str:
    """Fill values into a message, in the language that is spoken.

    Parameters
    ----------
    message : str
        In English, with places as :meth:`str.format` has them. If it is
        :class:`markupsafe.Markup`, so is what comes out, with the values escaped.
    **values
        What belongs into the places; without any, braces are braces.

    Returns
    -------
    str
        In English what the language does not have.
    """
    told = _words.get(_NONE).get(message, message)
    return type(message)(told).format(**values) if values else told


@dataclass(frozen=True)
class Saying:
    """A message and its values, to be said in the language that is spoken then.

    Parameters
    ----------
    message : str
        As of :func:`say`.
    values : dict
        What belongs into its places; sayings may be among it.
    """

    message: str
    values: Dict[str, object]

    def __str__(self) -> str:
        """Say it."""
        return say(self.message, **{name: str(value) for name, value in self.values.items()})


def listed(names: list) -> str:
    """Write names one after another: "a, b and c"."""
    *most, last = names
    return say("{first} and {last}", first=say(", ").join(most), last=last) if most else last


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while.

    Parameters
    ----------
    language : {"en", "zh"}
        In which :func:`say` says what it is asked meanwhile.
    """
    token = _words.set(_NONE if language == "en" else _read(language))
    try:
        yield
    finally:
        _words.reset(token)


def of_this_user() -> str:
    """Tell the language of the locale: ``zh`` for any Chinese one, else ``en``."""
    # In the order in which gettext asks.
    asked = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    name = next((os.environ[each] for each in asked if os.environ.get(each)), "")
    if not name and sys.platform == "win32":
        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        name = locale.windows_locale.get(number, "")
    return "zh" if name.lower().startswith("zh") else "en"


def _read(language: str) -> Dict[str, str]:
    return json.loads(Path(__file__).with_name(f"{language}.json").read_text("utf-8"))
