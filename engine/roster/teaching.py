"""What teachers teach, told by the classes they are enrolled in as teachers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .findings import Findings
from .manifest import Manifest
from .sheet import Sheets
from .standing import DELETED

FILE = "enrollments.csv"
Words = tuple[str, ...]


class _Class(NamedTuple):
    deleted: bool
    subjects: Words
    grades: Words


class Teaching:
    """Subjects and grades by teacher. Only enrolments of teachers are kept."""

    def __init__(self, sheets: Sheets, manifest: Manifest, findings: Findings) -> None:
        self._findings = findings
        self._classes = dict(_classes(sheets, manifest, findings))
        self._all_known = manifest.mode("classes") == "bulk"
        self._taught: dict[str, tuple[int, list[_Class]]] = {}
        for line, (class_, user, role, status) in sheets.rows(
            "enrollments", ("classSourcedId", "userSourcedId", "role"), ("status",)
        ):
            if status.lower() == DELETED:
                continue
            teacher = role.lower() == "teacher"
            if class_ not in self._classes:
                self._orphan(line, class_, teacher)
            elif teacher:
                self._taught.setdefault(user, (line, []))[1].append(self._classes[class_])

    def of(self, user: str) -> tuple[Words, Words]:
        """Subjects and grades of the classes that somebody teaches."""
        _, classes = self._taught.get(user, (0, []))
        running = [each for each in classes if not each.deleted]
        subjects = dict.fromkeys(word for each in running for word in each.subjects)
        return tuple(subjects), tuple(dict.fromkeys(word for each in running for word in each.grades))

    def teachers(self) -> Iterator[tuple[str, int]]:
        """Who is enrolled as a teacher, and the first line that says so."""
        for user, (line, _) in self._taught.items():
            yield user, line

    def _orphan(self, line: int, class_: str, teacher: bool) -> None:
        if not self._all_known:
            return
        if teacher:
            what = "no class of this set has this id"
            self._findings.problem(FILE, line, "classSourcedId", class_, what, "add the class to classes.csv")
        else:
            text = f"{FILE} line {line}: classSourcedId {class_} is no class of this set"
            self._findings.note(f"{text}; the enrolment is not a teacher's", "class")


def words(cell: str) -> Words:
    """The values of a cell that holds several."""
    return tuple(dict.fromkeys(word for part in cell.split(",") if (word := part.strip())))


def _classes(sheets: Sheets, manifest: Manifest, findings: Findings) -> Iterator[tuple[str, _Class]]:
    courses = {
        course: words(subjects)
        for _, (course, subjects) in sheets.rows("courses", ("sourcedId",), ("subjects",))
    }
    columns = ("status", "subjects", "grades", "courseSourcedId")
    for line, (class_, status, subjects, grades, course) in sheets.rows("classes", ("sourcedId",), columns):
        if course and course not in courses and manifest.mode("courses") == "bulk":
            text = f"classes.csv line {line}: courseSourcedId {course} is no course of this set"
            findings.note(text, "course")
        taught = words(subjects) or courses.get(course, ())
        yield class_, _Class(status.lower() == DELETED, taught, words(grades))
