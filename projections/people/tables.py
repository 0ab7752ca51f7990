"""Tables of the people: profile and load, and the words and handles they are found by.

An index whose condition holds for every row is for questions that say it alone: a planner that knows nothing of a
table yet would take it for one id as well as the index of ids.

A person's rows hang on `added`, the position of their first event. A handle is a username, an e-mail address or
an external id, without case.
"""

from __future__ import annotations

from ..projection import Table

PERSON = Table(
    "people_person",
    "added",
    """CREATE TABLE people_person_{g} (
         added INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         person TEXT NOT NULL,
         version INTEGER NOT NULL,
         name TEXT NOT NULL,
         folded TEXT NOT NULL,
         external_id TEXT,
         source TEXT,
         username TEXT,
         email TEXT,
         school TEXT,
         subjects TEXT NOT NULL,
         grades TEXT NOT NULL,
         areas TEXT NOT NULL,
         capacity INTEGER,
         active INTEGER NOT NULL,
         merged_into TEXT,
         duplicates TEXT NOT NULL,
         evaluators TEXT NOT NULL,
         not_with TEXT NOT NULL,
         pairings TEXT NOT NULL,
         mentees INTEGER NOT NULL
       )""",
    (
        "CREATE UNIQUE INDEX people_by_id_{g} ON people_person_{g} (tenant, person)",
        """CREATE INDEX people_by_name_{g} ON people_person_{g} (tenant, folded, added, active, school)
           WHERE added > 0""",
        """CREATE INDEX people_mentoring_{g} ON people_person_{g} (tenant, mentees DESC, folded, added)
           WHERE mentees > 0""",
    ),
)

WORD = Table(
    "people_word",
    "tenant, word, added",
    """CREATE TABLE people_word_{g} (
         tenant TEXT NOT NULL,
         word TEXT NOT NULL,
         added INTEGER NOT NULL,
         PRIMARY KEY (tenant, word, added)
       ) WITHOUT ROWID""",
)

HANDLE = Table(
    "people_handle",
    "tenant, handle, added",
    """CREATE TABLE people_handle_{g} (
         tenant TEXT NOT NULL,
         handle TEXT NOT NULL,
         added INTEGER NOT NULL,
         PRIMARY KEY (tenant, handle, added)
       ) WITHOUT ROWID""",
)

TABLES = (PERSON, WORD, HANDLE)
