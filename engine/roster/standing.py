"""Who is staff: the one place that decides it from the roles of a OneRoster set.

A role of staff counts whether it is primary or secondary: a parent whose child goes to the school and who
also runs its site is staff, and a teacher who is also a guardian stays one. Only a primary role of student
outweighs everything: a pupil who helps as an aide is a pupil. A role that is deleted, or whose end date has
passed when a day is given, no longer counts; one that has yet to begin does, because pairs are made ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from .findings import Findings
from .manifest import Manifest
from .orgs import Orgs
from .sheet import Sheets

FILE = "roles.csv"
DELETED = "tobedeleted"
_LEADERS = ("administrator", "siteadministrator", "districtadministrator", "systemadministrator", "principal")
STAFF = frozenset(("teacher", "aide", "proctor", "counselor", *_LEADERS))
OTHERS = {"student": "students", "parent": "parents", "guardian": "guardians", "relative": "relatives"}
OTHER_ROLES = "other roles"


@dataclass(slots=True)
class Standing:
    """What somebody's roles amount to; `sound` is false when one of them has a problem."""

    teaches: bool = False
    staff: bool = False
    was_staff: bool = False
    student: bool = False
    other: str = ""
    primary: bool = False
    sound: bool = True
    line: int = 0
    orgs: list[str] = field(default_factory=list)

    def add(self, role: str, *, primary: bool, current: bool) -> None:
        """Count a role in."""
        role = role.lower()
        if role in STAFF:
            if current and not self.staff:
                self.teaches = False  # what has ended tells nothing beside what goes on
            if current or not self.staff:
                self.teaches |= role == "teacher"
            self.was_staff = True
            self.staff |= current
            self.primary |= current and primary
            return
        self.student |= role == "student" and primary and current
        self.other = self.other or OTHERS.get(role, OTHER_ROLES)


def is_role(role: str) -> bool:
    """Whether OneRoster knows the role, or lets others define it (`ext:…`)."""
    return role.lower() in STAFF or role.lower() in OTHERS or role.lower().startswith("ext:")


def counted(kind: str, number: int) -> str:
    """How many of a kind were read past, in words."""
    return f"{number} {kind.removesuffix('s') if number == 1 and kind in OTHERS.values() else kind}"


class Standings:
    """The standing of everybody who has a row in the file of roles (from OneRoster 1.2 on)."""

    def __init__(
        self, sheets: Sheets, manifest: Manifest, orgs: Orgs, findings: Findings, today: date | None
    ) -> None:
        self._findings = findings
        self._today = today
        self._known: dict[str, Standing] = {}
        columns = ("roleType", "status", "endDate", "orgSourcedId")
        for line, (user, role, kind, status, end, org) in sheets.rows(
            "roles", ("userSourcedId", "role"), columns
        ):
            if not is_role(role):
                what = "this is no role that OneRoster knows"
                findings.problem(FILE, line, "role", role, what, "write teacher, aide, principal, student, …")
                continue
            standing = self._known.setdefault(user, Standing(line=line))
            staff = role.lower() in STAFF
            current = status.lower() != DELETED and (not staff or self._runs(line, end, standing))
            standing.add(role, primary=kind.lower() == "primary", current=current)
            if staff:
                standing.line = line
            if staff and current and org:
                if orgs.check(org, FILE, line, "orgSourcedId"):
                    primary = kind.lower() == "primary"
                    standing.orgs.insert(0 if primary else len(standing.orgs), org)
                else:
                    standing.sound = False

    def of(self, user: str) -> Standing:
        """What the roles of a user amount to; nothing when there are none."""
        return self._known.get(user) or Standing()

    def __iter__(self) -> Iterator[tuple[str, Standing]]:
        return iter(self._known.items())

    def _runs(self, line: int, end: str, standing: Standing) -> bool:
        if not end or self._today is None:
            return True
        try:
            return date.fromisoformat(end[:10]) >= self._today
        except ValueError:
            what = "this is no date by which to tell whether the role has ended"
            self._findings.problem(FILE, line, "endDate", end, what, "write YYYY-MM-DD")
            standing.sound = False
            return True
