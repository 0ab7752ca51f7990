"""Reading untrusted TOML tables key by key: every mistake becomes a problem and the reading goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from .problems import Problem, one_of

Word = TypeVar("Word", bound=StrEnum)
Fallback = TypeVar("Fallback")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 80
MOST = 100


class Table:
    """One table of the file. A getter answers a harmless value of its type where the file has a mistake."""

    def __init__(self, content: dict[str, Any], where: str, problems: list[Problem]) -> None:
        self.where = where
        self._content = content
        self._problems = problems
        self._asked: list[str] = []

    def report(self, what: str, fix: str) -> None:
        """Note a mistake at this place."""
        self._problems.append(Problem(self.where, what, fix))

    def names(self) -> tuple[str, ...]:
        """The keys found, where they are names of things."""
        return tuple(self._content)

    def raw(self, key: str) -> object:
        """The value as it was found; None when there is none."""
        self._asked.append(key)
        return self._content.get(key)

    def text(self, key: str) -> str:
        """One line to show to people."""
        value = self._required(key)
        if isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable() and value.strip():
            return value
        return self._wrong(key, value, f"a text in one line of at most {LONGEST} characters", "")

    def name(self, key: str) -> str:
        """A name in lower case with dashes: `goal-set`."""
        value = self._required(key)
        if isinstance(value, str) and len(value) <= LONGEST and NAME.fullmatch(value):
            return value
        return self._wrong(
            key,
            value,
            f"a name of lower-case letters, digits and single dashes, of at most {LONGEST} characters",
            "",
        )

    def integer(self, key: str, minimum: int, maximum: int) -> int:
        """A whole number within bounds; true and false are none."""
        value = self._required(key)
        if type(value) is int and minimum <= value <= maximum:
            return value
        return self._wrong(key, value, f"a whole number from {minimum} to {maximum}", minimum)

    def word(self, key: str, words: type[Word]) -> Word | None:
        """One word of a closed list."""
        value = self._required(key)
        if value is None:
            return None
        return next(iter(self._known(key, [value], words)), None)

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """Words of a closed list, each once."""
        value = self._required(key)
        if not isinstance(value, list):
            return self._wrong(key, value, "a list of words", ())
        found = tuple(self._known(key, value, words))
        for word in sorted({word for word in found if found.count(word) > 1}):
            self.report(f"{key!r} lists {word.value!r} twice", "list it once")
        return tuple(dict.fromkeys(found))

    def table(self, key: str) -> Table:
        """A table in this one; empty when it is missing."""
        self._asked.append(key)
        value = self._content.get(key, {})
        if not isinstance(value, dict):
            value = self._wrong(key, value, "a table", {})
        return Table(value, f"{self.where}: {key}", self._problems)

    def tables(self, key: str) -> Iterator[Table]:
        """An array of tables, `[[key]]`; at least one, and no more than a person could draw."""
        value = self._required(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            value = self._wrong(key, value, f"tables, each under [[{key}]]", [])
        if len(value) > MOST:
            self.report(f"there are {len(value)} tables [[{key}]]", f"use at most {MOST}")
        for number, item in enumerate(value[:MOST], 1):
            yield Table(item, f"{self.where}: {key} {number}", self._problems)

    def close(self) -> None:
        """Report what nobody asked for."""
        for key in self._content:
            if key not in self._asked:
                self.report(f"the key {key!r} is unknown", one_of(key, self._asked))

    def _required(self, key: str) -> Any:
        value = self.raw(key)
        if value is None:
            self.report(f"the key {key!r} is missing", f"add {key} = …")
        return value

    def _wrong(self, key: str, value: object, expected: str, instead: Fallback) -> Fallback:
        if value is not None:
            self.report(f"{key!r} is {shown(value)}", f"use {expected}")
        return instead

    def _known(self, key: str, values: Iterable[object], words: type[Word]) -> Iterator[Word]:
        known = {word.value: word for word in words}
        for value in values:
            if isinstance(value, str) and value in known:
                yield known[value]
            else:
                self.report(f"{key!r} has the unknown word {shown(value)}", one_of(str(value), known))


def shown(value: object) -> str:
    """A value of the file for a message: as TOML writes it where that is short, else its kind."""
    if isinstance(value, bool):
        return str(value).lower()
    if value == []:
        return "an empty list"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
