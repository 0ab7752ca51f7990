"""The manifest of a OneRoster set: its version, and which files it declares bulk, delta or absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mentorcycle.domain.errors import InvalidInput

from .findings import Findings
from .package import Package
from .table import open_table

Mode = Literal["bulk", "delta", "absent"]
FILE = "manifest.csv"
VERSIONS = ("1.0", "1.1", "1.2")
_NEEDED = "a set of OneRoster files has a manifest that says its version and what is in it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the set says of itself; a file that is not declared is absent."""

    version: str
    modes: Mapping[str, Mode]

    def mode(self, file: str) -> Mode:
        """How a file is declared, by its name without `.csv`."""
        return self.modes.get(file.lower(), "absent")

    @property
    def has_roles_file(self) -> bool:
        """Whether roles stand in a file of their own, as from 1.2 on."""
        return self.version == "1.2"

    @property
    def delta(self) -> bool:
        """Whether people, or what they are, come as changes only."""
        return "delta" in (self.mode("users"), self.mode("roles"))


def read_manifest(package: Package, findings: Findings) -> Manifest:
    """The manifest of a set; `InvalidInput` where there is none or it is of a version that is not known."""
    if FILE not in package:
        raise InvalidInput(f"{package.name} has no {FILE}", _NEEDED, "pass the whole set as it was exported")
    said = _properties(package, findings)
    version, line = said.get("oneroster.version", ("", 0))
    if version not in VERSIONS:
        what = f"{FILE} line {line} says OneRoster version {version!r}" if line else f"{FILE} says no version"
        raise InvalidInput(what, f"versions {', '.join(VERSIONS)} are read", "export one of those")
    modes: dict[str, Mode] = {}
    for name, (value, line) in said.items():
        if not name.startswith("file."):
            continue
        file = name.removeprefix("file.")
        match value.lower():
            case "bulk" | "delta" as mode:
                modes[file] = mode
                if f"{file}.csv" not in package:
                    what = f"{file}.csv is declared {mode} and is not there"
                    findings.problem(FILE, line, "value", value, what, "export the set again")
                    modes[file] = "absent"
            case "absent" | "":
                modes[file] = "absent"
            case _:
                what = "a file is bulk, delta or absent"
                findings.problem(FILE, line, "value", value, what, "write one of the three")
    return Manifest(version, modes)


def _properties(package: Package, findings: Findings) -> dict[str, tuple[str, int]]:
    said: dict[str, tuple[str, int]] = {}
    with package.open(FILE) as stream:
        table = open_table(stream, FILE, ("propertyName", "value"))
        name_at, value_at = table.at.get("propertyname"), table.at.get("value")
        if name_at is None or value_at is None:
            what = f"{FILE} has no columns propertyName and value"
            raise InvalidInput(what, _NEEDED, "pass the whole set as it was exported")
        for row in table.rows:
            if row.fault:
                findings.problem(FILE, row.line, "", "", *row.fault)
            elif len(row.cells) > name_at:
                value = row.cells[value_at].strip() if len(row.cells) > value_at else ""
                said[row.cells[name_at].strip().lower()] = (value, row.line)
    return said
