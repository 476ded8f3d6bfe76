"""The language of what people read: English, or Chinese by the list in ``zh.json``."""

import ctypes
import json
import locale
import os
import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Dict, Iterator, Sequence, Union

LANGUAGES = ("en", "zh")
_words: ContextVar[Dict[str, str]] = ContextVar("words")
_NONE: Dict[str, str] = {}
# Singular and plural: "[matches|match]".
_NUMBER = re.compile(r"\[(\w*)\|(\w*)\]")


def translate(message: str, /, **values: object) -> str:
    """Translate a message into the current language, and fill values in as :meth:`str.format` does.

    "[matches|match]" becomes "matches" if the value ``n`` is 1, else "match". Without values,
    braces are ordinary characters. A :class:`markupsafe.Markup` stays one, with the values escaped.
    Without a translation, the message stays English.
    """
    translated = _words.get(_NONE).get(message, message)
    if "n" in values:
        translated = _NUMBER.sub(r"\1" if values["n"] == 1 else r"\2", translated)
    translated = type(message)(translated)
    return translated.format(**values) if values else translated


class Message:
    """A message in English and its values, which may be messages too: translated when shown."""

    def __init__(self, message: str, /, **values: object) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        """Translate it into the current language."""
        return translate(self.message, **self.values)


Text = Union[str, Message]


def listed(names: Sequence[object]) -> str:
    """Write names one after another in the current language, as in "a, b and c"."""
    *most, last = map(str, names)
    if not most:
        return last
    return translate("{first} and {last}", first=translate(", ").join(most), last=last)


def translated_error(message: str) -> str:
    """Translate an error message, by the patterns in ``zh-errors.json``; itself if none fits."""
    if _words.get(_NONE):
        for english, chinese in _read("zh-errors").items():
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(english))
            match = re.fullmatch(pattern, message)
            if match:
                return chinese.format(**match.groupdict())
    return message


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Set the language of :func:`translate` in the block: ``en`` or ``zh``."""
    token = _words.set(_NONE if language == "en" else _read(language))
    try:
        yield
    finally:
        _words.reset(token)


def of_this_user() -> str:
    """Return the language of the locale: ``zh`` for any Chinese one, else ``en``."""
    # In gettext's order.
    asked = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    name = next((os.environ[each] for each in asked if os.environ.get(each)), "")
    if not name and sys.platform == "win32":
        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        name = locale.windows_locale.get(number, "")
    return "zh" if name.lower().startswith("zh") else "en"


def _read(language: str) -> Dict[str, str]:
    return json.loads(Path(__file__).with_name(f"{language}.json").read_text("utf-8"))
