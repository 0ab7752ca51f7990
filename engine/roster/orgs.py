"""The schools of a OneRoster set, and which of them somebody belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .findings import Findings
from .manifest import Manifest
from .sheet import Sheets

FILE = "orgs.csv"


class _Org(NamedTuple):
    name: str
    is_school: bool
    parent: str


class Orgs:
    """Organisations by id. Only a bulk file tells which ids do not exist."""

    def __init__(self, sheets: Sheets, manifest: Manifest, findings: Findings) -> None:
        self._findings = findings
        self._all_known = manifest.mode("orgs") == "bulk"
        self._orgs: dict[str, _Org] = {}
        parents: list[tuple[int, str]] = []
        for line, (org, name, kind, parent) in sheets.rows(
            "orgs", ("sourcedId", "name"), ("type", "parentSourcedId")
        ):
            if org in self._orgs:
                findings.problem(FILE, line, "sourcedId", org, "this id occurs twice", "export the set again")
            self._orgs[org] = _Org(name, kind.lower() == "school", parent)
            if parent:
                parents.append((line, parent))
        for line, parent in parents:
            if self._all_known and parent not in self._orgs:
                text = f"{FILE} line {line}: parentSourcedId {parent} is no organisation of this set"
                findings.note(text, "parent")

    def check(self, org: str, file: str, line: int, column: str) -> bool:
        """Whether a member of staff can belong to this organisation; a problem, or a note in a delta, if not."""
        if org in self._orgs:
            return True
        if self._all_known:
            what = "no organisation of this set has this id"
            self._findings.problem(file, line, column, org, what, f"add it to {FILE}, or mend the id")
            return False
        text = f"{file} line {line}: {column} {org} is not in this set, the school is left as it is known"
        self._findings.note(text, "school")
        return True

    def school(self, orgs: Iterable[str]) -> str:
        """The name of the nearest school at or above one of these, else of the first that has a name."""
        known = [org for org in orgs if org in self._orgs]
        for org in known:
            if school := self._school_above(org):
                return school
        return next((self._orgs[org].name for org in known if self._orgs[org].name), "")

    def _school_above(self, org: str) -> str:
        seen: set[str] = set()
        while org in self._orgs and org not in seen:
            seen.add(org)
            if self._orgs[org].is_school:
                return self._orgs[org].name
            org = self._orgs[org].parent
        return ""
