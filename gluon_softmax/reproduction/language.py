"""The language of what people read: English, or Chinese by the list in ``zh.json``."""

import ctypes
import json
import locale
import os
import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Sequence, Union

LANGUAGES = ("en", "zh")
_words: ContextVar[Dict[str, str]] = ContextVar("words")
_NONE: Dict[str, str] = {}


def translate(message: str, /, **values: object) -> str:
    """Translate a message into the current language, and fill values in as :meth:`str.format` does.

    Without values, braces are ordinary characters. A :class:`markupsafe.Markup` stays one, with the
    values escaped. Without a translation, the message stays English.
    """
    translated = type(message)(_words.get(_NONE).get(message, message))
    return translated.format(**values) if values else translated


class Message:
    """A message in English and its values, which may be messages too: translated when shown."""

    def __init__(self, message: str, /, **values: object) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        """Translate it into the current language."""
        return translate(self.message, **self.values)

    def __eq__(self, other: object) -> bool:
        """Compare message and values."""
        return isinstance(other, Message) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Hash the message, as values may be lists."""
        return hash(self.message)


@dataclass(frozen=True)
class Capitalized:
    """A text that begins with a capital letter when it is shown."""

    text: object

    def __str__(self) -> str:
        """Capitalize the text in the current language."""
        text = str(self.text)
        return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Joined:
    """Texts with a separator between them, which is translated when they are shown."""

    separator: str
    texts: Sequence[object]

    def __str__(self) -> str:
        """Join them in the current language."""
        return translate(self.separator).join(map(str, self.texts))


@dataclass(frozen=True)
class Listed:
    """Names that are written one after another, "a, b and c", when they are shown."""

    names: Sequence[object]

    def __str__(self) -> str:
        """List them in the current language."""
        *most, last = self.names
        if not most:
            return str(last)
        return translate("{first} and {last}", first=Joined(", ", most), last=last)


Text = Union[str, Message, Capitalized, Joined, Listed]


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
