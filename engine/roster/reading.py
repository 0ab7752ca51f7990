"""One way in: whatever form a roster has, the path tells."""

from __future__ import annotations

from collections.abc import Collection, Container
from datetime import date
from pathlib import Path

from .csv_roster import read_csv
from .files import is_package
from .model import Roster


def read(path: Path, areas: Collection[str], today: date | None = None, known: Container[str] = ()) -> Roster:
    """The roster in a CSV file of our own, or in a folder or zip of OneRoster files.

    `areas` are the teaching areas that exist; `today` ends roles whose end date has passed; `known` are the
    external ids of present staff, by which a delta is understood. What cannot be read at all is `InvalidInput`,
    and what is not there `NoSuchFile`.
    """
    if not is_package(path):
        return read_csv(path, areas)
    from .oneroster import read_oneroster

    return read_oneroster(path, today, known)
