"""From users to staff: who of them becomes a person of the roster, who leaves, who is read past.

A user who is to be deleted, inactive or not enabled leaves (`active` is false), and so does, in a bulk set,
one whose last role of staff has ended. A delta does not tell that, because roles it does not mention stay;
there a user without a role is staff when the caller knows them. A problem of a member of staff keeps that
person out. Of anybody else no problem or note shows more than the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping

from .findings import Findings
from .manifest import Manifest
from .model import Role, RosterPerson
from .orgs import Orgs
from .sheet import Sheets
from .standing import Standing, Standings, counted, is_role
from .teaching import Teaching, words
from .user import FILE, User, check_cells


class Staff:
    """The people found so far, and how many were read past."""

    def __init__(
        self,
        manifest: Manifest,
        orgs: Orgs,
        standings: Standings,
        teaching: Teaching,
        known: Container[str],
        findings: Findings,
    ) -> None:
        self._manifest = manifest
        self._orgs = orgs
        self._standings = standings
        self._teaching = teaching
        self._known = known
        self._findings = findings
        self._people: dict[str, RosterPerson] = {}
        self._ignored: Counter[str] = Counter()
        self._lines: dict[str, int] = {}
        self._staff: set[str] = set()
        self._orgs_column = "primaryOrgSourcedId" if manifest.has_roles_file else "orgSourcedIds"

    @property
    def people(self) -> tuple[RosterPerson, ...]:
        """Everybody who is staff and has no problem, in the order of the file."""
        return tuple(self._people.values())

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many users were read past, by kind."""
        return dict(sorted(self._ignored.items()))

    def read(self, sheets: Sheets) -> None:
        """Take the users in."""
        needed = ("sourcedId", "givenName", "familyName")
        wanted = ("status", "enabledUser", "username", "email", "grades", self._orgs_column)
        if self._manifest.has_roles_file:
            for line, cells in sheets.rows("users", needed, wanted):
                self._add(User(line, *cells), self._standings.of(cells[0]))
            return
        for line, (role, *others) in sheets.rows("users", ("role", *needed), wanted):
            user = User(line, *others)
            standing = Standing(line=line)
            if is_role(role):
                standing.add(role, primary=True, current=True)
            elif not user.deleted:
                what = "this is no role that OneRoster knows" if role else "it is empty"
                self._problem(line, "role", "", what, "write teacher, aide, administrator, student, …")
                continue
            self._add(user, standing)

    def check_references(self) -> None:
        """Report roles and enrolments of users who are not in the set."""
        if not self._lines:
            return
        bulk = self._manifest.mode("users") == "bulk"
        for user, standing in self._standings:
            if user in self._lines:
                continue
            if standing.staff and bulk:
                what = "no user of this set has this id"
                self._findings.problem(
                    "roles.csv", standing.line, "userSourcedId", user, what, f"add the user to {FILE}"
                )
            elif bulk:
                text = f"roles.csv line {standing.line}: userSourcedId is no user of this set"
                self._findings.note(f"{text}; the role is not of staff", "role of nobody")
        for user, line in self._teaching.teachers():
            if bulk and user not in self._lines:
                text = f"enrollments.csv line {line}: userSourcedId {user} is no user of this set"
                self._findings.note(text, "enrolment of nobody")

    def say_when_nobody(self) -> None:
        """Never be silent about a set without staff: a problem in a bulk set, where it would end everybody."""
        if self._people:
            return
        kind = "delta" if self._manifest.delta else "set"
        number = ", ".join(counted(kind, number) for kind, number in self.ignored.items())
        self._findings.note(f"no staff in this {kind}: {number or 'nobody'} ignored")
        if not self._manifest.delta and not self._findings.problems:
            self._problem(0, "", "", self._why_nobody(), "check the export, and the roles in it")

    def _add(self, user: User, standing: Standing) -> None:
        kind = self._kind(user, standing)
        if not user.id:
            if not kind or self._manifest.has_roles_file:
                self._problem(user.line, "sourcedId", "", "it is empty", "give every user an id")
            else:
                self._ignored[kind] += 1
            return
        first = self._lines.setdefault(user.id, user.line)
        if first != user.line:
            self._twice(user, first, staff=not kind)
        elif kind:
            self._ignored[kind] += 1
        else:
            self._staff.add(user.id)
            self._take(user, standing)

    def _why_nobody(self) -> str:
        if self._manifest.mode("users") == "absent":
            return f"{FILE} is declared absent"
        if self._manifest.has_roles_file and self._manifest.mode("roles") == "absent":
            return "roles.csv is declared absent, so nobody is known as staff"
        return "nobody in this set is staff"

    def _kind(self, user: User, standing: Standing) -> str:
        """As what a user is read past; empty for staff."""
        at = f"{FILE} line {user.line}:"
        known_here = user.id in self._known and (self._manifest.delta or user.deleted)
        if standing.student:
            if standing.was_staff:
                self._findings.note(f"{at} a student with a role of staff is not staff", "student")
            return "to be deleted" if user.deleted else "students"
        if standing.staff or (standing.was_staff and user.leaves):
            return ""
        if standing.was_staff and not self._manifest.delta:
            self._findings.note(f"{at} no role of staff goes on, the person leaves", "ended")
            return ""
        if standing.was_staff:
            self._findings.note(f"{at} a role of staff has ended, others may go on: nothing changes", "ended")
            return "role ended"
        if known_here:
            return ""
        if user.deleted:
            return "to be deleted"
        if not standing.other:
            self._findings.note(f"{at} the user has no role", "no role")
        return standing.other or "without a role"

    def _twice(self, user: User, first: int, *, staff: bool) -> None:
        if not staff and user.id not in self._staff:
            text = f"{FILE} line {user.line}: the user is on line {first} too"
            self._findings.note(text, "twice")
            return
        if self._people.pop(user.id, None):
            self._problem(first, "sourcedId", user.id, f"line {user.line} has the same id", "keep one")
        self._staff.add(user.id)
        self._problem(user.line, "sourcedId", user.id, f"line {first} has the same id", "keep one")

    def _take(self, user: User, standing: Standing) -> None:
        active = not user.leaves and (standing.staff or not standing.was_staff)
        before = len(self._findings.problems)
        check_cells(user, active, self._findings)
        orgs = words(user.orgs)
        if active:
            for org in orgs:
                self._orgs.check(org, FILE, user.line, self._orgs_column)
        if len(self._findings.problems) > before or not standing.sound:
            return
        self._note_oddities(user, standing, active=active)
        keep = self._manifest.delta and user.id in self._known
        subjects, grades = ((), ()) if keep else self._teaching.of(user.id)
        self._people[user.id] = RosterPerson(
            source="oneroster",
            external_id=user.id,
            given_name=user.given,
            family_name=user.family,
            username=user.username,
            email=user.email,
            school=self._orgs.school((*orgs, *standing.orgs)),
            role=_role(standing),
            subjects=subjects,
            grades=grades or (words(user.grades) if standing.teaches else ()),
            areas=(),
            capacity=None,
            active=active,
            file=FILE,
            line=user.line,
        )

    def _note_oddities(self, user: User, standing: Standing, *, active: bool) -> None:
        at = f"{FILE} line {user.line}:"
        if active and standing.staff and not standing.primary:
            self._findings.note(f"{at} staff by a secondary role only", "secondary")
        if active and standing.staff and not user.orgs and not standing.orgs:
            self._findings.note(f"{at} the person belongs to no organisation, the school is empty", "no org")

    def _problem(self, line: int, column: str, value: str, what: str, suggestion: str) -> None:
        self._findings.problem(FILE, line, column, value, what, suggestion)


def _role(standing: Standing) -> Role:
    if standing.teaches:
        return "teacher"
    return "staff" if standing.was_staff else ""
