"""Where a reading gathers problems, and things worth a word that do not stand in the way."""

from __future__ import annotations

from .model import Problem


class Findings:
    """Problems one by one; notes of one kind together, with their first place and their number."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._notes: dict[str, tuple[str, int]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes in the order of their first occurrence, each said once."""
        return tuple(
            f"{text} (and {times - 1} more)" if times > 1 else text for text, times in self._notes.values()
        )

    def in_order(self) -> tuple[Problem, ...]:
        """The problems, file by file as they were met and by line in each."""
        files = list(dict.fromkeys(problem.file for problem in self.problems))
        return tuple(sorted(self.problems, key=lambda problem: (files.index(problem.file), problem.line)))

    def problem(self, file: str, line: int, column: str, value: str, what: str, suggestion: str) -> None:
        """Report a problem; of a long value the beginning is shown."""
        shown = value if len(value) <= 80 else f"{value[:79]}…"
        self.problems.append(Problem(file, line, column, shown, what, suggestion))

    def note(self, text: str, kind: str = "") -> None:
        """Say something once; later notes of the same `kind` are only counted."""
        first, times = self._notes.get(kind or text, (" ".join(text.split())[:300], 0))
        self._notes[kind or text] = (first, times + 1)
