"""Tables of the cycles: what each one was, from which position of the log to which.

A cycle's rows hang on `opened`, the position of its first event: a short key that follows from the log, and
keeps cycles of one time together. `head` is what never changes, a `span` what was so from `valid_from` up to
(not including) `valid_to`; `mark` is an event that changed no span, `member` whoever ever was in it.

An index whose condition holds for every row is for questions that say it alone (see `people.tables`).

A bucket is a tenant's programme, stage and status; a `tally` is how many cycles of one part of the model stood in
it from a position on.
Spans that are over lie in lanes: by tenant and status, and by how long after the opening they ended, in powers
of two. What held at a position is found in each lane among cycles opened not longer before it than that.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from ..projection import Table

NOW = 2**63 - 1
"""`valid_to` of what is so now; queries write it out, as the planner compares conditions of an index by text."""

HEAD = Table(
    "cycles_head",
    "opened",
    """CREATE TABLE cycles_head_{g} (
         opened INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         cycle TEXT NOT NULL,
         programme TEXT NOT NULL,
         definition TEXT NOT NULL,
         definition_version INTEGER NOT NULL,
         opened_at INTEGER NOT NULL,
         follows TEXT
       )""",
    (
        "CREATE UNIQUE INDEX cycles_by_id_{g} ON cycles_head_{g} (tenant, cycle)",
        "CREATE INDEX cycles_by_opening_{g} ON cycles_head_{g} (tenant, opened) WHERE opened > 0",
    ),
)

SPAN = Table(
    "cycles_span",
    "opened, valid_from",
    """CREATE TABLE cycles_span_{g} (
         opened INTEGER NOT NULL,
         valid_from INTEGER NOT NULL,
         valid_to INTEGER NOT NULL,
         bucket INTEGER NOT NULL,
         lane INTEGER,
         at INTEGER NOT NULL,
         stage TEXT NOT NULL,
         status TEXT NOT NULL,
         since INTEGER NOT NULL,
         kind TEXT NOT NULL,
         pairing TEXT NOT NULL,
         participants TEXT NOT NULL,
         extended TEXT,
         extended_at INTEGER,
         earlier TEXT,
         pauses TEXT,
         rematch TEXT,
         next_cycle TEXT,
         PRIMARY KEY (opened, valid_from)
       ) WITHOUT ROWID""",
    (
        f"""CREATE INDEX cycles_open_{{g}} ON cycles_span_{{g}} (bucket, opened, valid_from, since)
            WHERE valid_to = {NOW}""",
        """CREATE INDEX cycles_over_{g} ON cycles_span_{g} (lane, opened, valid_from, valid_to, bucket)
           WHERE lane IS NOT NULL""",
    ),
)

MARK = Table(
    "cycles_mark",
    "opened, position",
    """CREATE TABLE cycles_mark_{g} (
         opened INTEGER NOT NULL,
         position INTEGER NOT NULL,
         at INTEGER NOT NULL,
         PRIMARY KEY (opened, position)
       ) WITHOUT ROWID""",
)

MEMBER = Table(
    "cycles_member",
    "tenant, person, opened",
    """CREATE TABLE cycles_member_{g} (
         tenant TEXT NOT NULL,
         person TEXT NOT NULL,
         opened INTEGER NOT NULL,
         PRIMARY KEY (tenant, person, opened)
       ) WITHOUT ROWID""",
)

BUCKET = Table(
    "cycles_bucket",
    "bucket",
    """CREATE TABLE cycles_bucket_{g} (
         bucket INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         programme TEXT NOT NULL,
         stage TEXT NOT NULL,
         status TEXT NOT NULL
       )""",
    ("CREATE INDEX cycles_buckets_{g} ON cycles_bucket_{g} (tenant)",),
)

TALLY = Table(
    "cycles_tally",
    "bucket, part, position",
    """CREATE TABLE cycles_tally_{g} (
         bucket INTEGER NOT NULL,
         part INTEGER NOT NULL,
         position INTEGER NOT NULL,
         n INTEGER NOT NULL,
         PRIMARY KEY (bucket, part, position)
       ) WITHOUT ROWID""",
)

TABLES = (HEAD, SPAN, MARK, MEMBER, BUCKET, TALLY)


LEVELS = 64
"""Lanes of one tenant and status: levels 0 to 63 of `lane_of`."""


@lru_cache(maxsize=4096)
def bucket_of(tenant: str, programme: str, stage: str, status: str) -> int:
    """The number that always stands for this tenant, programme, stage and status."""
    return _number(tenant, programme, stage, status)


@lru_cache(maxsize=4096)
def lanes_of(tenant: str, status: str) -> int:
    """The first of the lanes of this tenant and status."""
    return _number(tenant, status) * LEVELS


def lane_of(tenant: str, status: str, opened: int, valid_to: int) -> int:
    """The lane of a span that is over: less than `2 ** level` positions lie between the opening and its end."""
    return lanes_of(tenant, status) + (valid_to - opened).bit_length()


def _number(*names: str) -> int:
    return int.from_bytes(blake2b("\x1f".join(names).encode(), digest_size=7).digest(), "big")
