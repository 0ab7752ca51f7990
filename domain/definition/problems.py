"""What is wrong with a definition, said so that its author can mend it: all problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the place in the file, what is wrong there and what would mend it."""

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"


class DefinitionInvalid(InvalidInput):
    """A text that is no usable definition; `problems` holds every mistake found, never none."""

    def __init__(self, where: str, problems: tuple[Problem, ...]) -> None:
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        super().__init__(
            f"the definition {where} cannot be used",
            f"it has {count}:\n" + "\n".join(f"  {problem}" for problem in problems),
        )
        self.where = where
        self.problems = problems


def one_of(word: str, known: Iterable[str]) -> str:
    """The advice for a word that is not known: the nearest one, or all of them."""
    from difflib import get_close_matches

    known = sorted(set(map(str, known)))
    near = get_close_matches(word[:80], known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"use {' or '.join(map(repr, known)) or 'none'}"
