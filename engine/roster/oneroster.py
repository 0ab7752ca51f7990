"""OneRoster 1.1 and 1.2 as CSV, in a folder or a zip: the staff in it, and nobody else."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from pathlib import Path

from .findings import Findings
from .manifest import read_manifest
from .model import Roster
from .orgs import Orgs
from .package import opened_package
from .sheet import Sheets
from .staff import Staff
from .standing import Standings
from .teaching import Teaching

_NOT_READ = ("academicSessions", "userProfiles", "demographics")
_SAYS = frozenset(
    ("external_id", "given_name", "family_name", "username", "email", "school", "role", "active")
)


def read_oneroster(path: Path, today: date | None = None, known: Container[str] = ()) -> Roster:
    """The staff of a OneRoster set. `today` ends roles; `known` are the external ids of present staff.

    `known` matters in a delta only: there a user may come without a role, because that has not changed.
    """
    findings = Findings()
    with opened_package(path) as package:
        manifest = read_manifest(package, findings)
        sheets = Sheets(package, manifest, findings)
        sheets.note_undeclared(_NOT_READ)
        orgs = Orgs(sheets, manifest, findings)
        standings = Standings(sheets, manifest, orgs, findings, today)
        teaching = Teaching(sheets, manifest, findings)
        staff = Staff(manifest, orgs, standings, teaching, known, findings)
        staff.read(sheets)
    staff.check_references()
    staff.say_when_nobody()
    taught = manifest.mode("classes") != "absent" and manifest.mode("enrollments") != "absent"
    return Roster(
        people=staff.people,
        problems=findings.in_order(),
        notes=findings.notes,
        ignored=staff.ignored,
        form=f"OneRoster {manifest.version} {'delta' if manifest.delta else 'bulk'}",
        delta=manifest.delta,
        says=_SAYS | {"subjects", "grades"} if taught else _SAYS,
    )
