"""Reading real roster files: `read` for people, `read_pairs` for pairs, `errors_file` for what to mend.

`read_references` is for a column of references in any file.
"""

from __future__ import annotations

from .csv_roster import COLUMNS, template
from .errors_file import errors_file
from .model import BadRows, Pair, Pairs, Problem, Roster, RosterPerson
from .pairs import PAIR_COLUMNS, pairs_template, read_pairs
from .reading import read
from .references import References, read_references

__all__ = [
    "COLUMNS",
    "PAIR_COLUMNS",
    "BadRows",
    "Pair",
    "Pairs",
    "Problem",
    "References",
    "Roster",
    "RosterPerson",
    "errors_file",
    "pairs_template",
    "read",
    "read_pairs",
    "read_references",
    "template",
]
