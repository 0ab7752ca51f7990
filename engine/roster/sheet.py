"""The rows of one file of a OneRoster set, cut down to the columns asked for before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .findings import Findings
from .form import wrong_number
from .manifest import Manifest
from .package import Package
from .table import Table, key, nearest, open_table

Cells = tuple[str, ...]
HEADERS = {
    "orgs": "sourcedId status dateLastModified name type identifier parentSourcedId",
    "users": "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds givenName"
    " familyName middleName identifier email sms phone agentSourcedIds grades password userMasterIdentifier"
    " resourceSourcedIds preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": "sourcedId status dateLastModified userSourcedId roleType role beginDate endDate orgSourcedId"
    " userProfileSourcedId",
    "classes": "sourcedId status dateLastModified title grades courseSourcedId classCode classType location"
    " schoolSourcedId termSourcedIds subjects subjectCodes periods resourceSourcedIds",
    "courses": "sourcedId status dateLastModified schoolYearSourcedId title courseCode grades orgSourcedId"
    " subjects subjectCodes resourceSourcedIds",
    "enrollments": "sourcedId status dateLastModified classSourcedId schoolSourcedId userSourcedId role primary"
    " beginDate endDate",
}


class Sheets:
    """The files of a set, as far as its manifest declares them."""

    def __init__(self, package: Package, manifest: Manifest, findings: Findings) -> None:
        self._package = package
        self._manifest = manifest
        self._findings = findings

    def note_undeclared(self, others: Sequence[str]) -> None:
        """Say which files lie there although the manifest has them absent."""
        for file in (*HEADERS, *others):
            if f"{file}.csv" in self._package and self._manifest.mode(file) == "absent":
                name = self._package.real_name(f"{file}.csv")
                self._findings.note(f"{name} is here, the manifest calls it absent: it is not read")

    def rows(
        self, file: str, needed: Sequence[str], wanted: Sequence[str] = ()
    ) -> Iterator[tuple[int, Cells]]:
        """Line and trimmed cells, in the order asked for; nothing of an absent file or one without its columns.

        Cells missing at the end of a row are empty. No problem found here shows a cell: it may be a student's.
        """
        if self._manifest.mode(file) == "absent":
            return
        name = f"{file}.csv"
        with self._package.open(name) as stream:
            table = open_table(stream, name, HEADERS[file].split())
            if self._header_stands(table, file, needed):
                places = [table.at.get(key(column)) for column in (*needed, *wanted)]
                yield from self._cut(table, places)

    def _header_stands(self, table: Table, file: str, needed: Sequence[str]) -> bool:
        spec = {key(column): column for column in HEADERS[file].split()}
        absent = [column for each, column in spec.items() if each not in table.at]
        unknown = [name for name in table.names if name and key(name) not in spec]
        if len(absent) == len(spec):
            unknown = []  # not a header but a row of cells, which are nobody's business
        missing = [column for column in needed if column in absent]
        for column in missing:
            meant = nearest(column, unknown)
            help_ = f"rename {meant}" if meant else "export the set again"
            what = "this column is needed and missing"
            self._findings.problem(table.file, table.line, column, "", what, help_)
        for name in unknown:
            meant = nearest(name, absent)
            if meant and meant not in missing and not name.lower().startswith("metadata"):
                self._findings.note(f"{table.file}: column {name} is not read; {meant} may be meant")
        twice = [name for name in table.twice() if key(name) in map(key, needed)]
        for name in twice:
            self._findings.problem(table.file, table.line, name, "", "this column occurs twice", "keep one")
        return not missing and not twice

    def _cut(self, table: Table, places: Sequence[int | None]) -> Iterator[tuple[int, Cells]]:
        width = len(table.names)
        named = max((index + 1 for index, name in enumerate(table.names) if name), default=0)
        for line, cells, fault in table.rows:
            if fault:
                self._findings.problem(table.file, line, "", "", *fault)
                continue
            if len(cells) < width:
                if len(cells) < named:
                    text = f"{table.file} line {line}: the row is shorter than the header"
                    self._findings.note(f"{text}; what is missing is empty", f"short {table.file}")
                cells = [*cells, *[""] * (width - len(cells))]
            elif wrong := wrong_number(cells, width):
                self._findings.problem(table.file, line, "", "", *wrong)
                continue
            yield line, tuple("" if place is None else cells[place].strip() for place in places)
