"""Tables of the minutes: one act, one row, and a share of it for everybody who took part.

`act` hangs on its position in the log; `at` is the instant it happened, and a correction moves it. A `team` is
who is and was in a cycle, so that hours stay with whoever gave them.
"""

from __future__ import annotations

from ..projection import Table

ACT = Table(
    "minutes_act",
    "position",
    """CREATE TABLE minutes_act_{g} (
         position INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         cycle TEXT NOT NULL,
         version INTEGER NOT NULL,
         programme TEXT NOT NULL,
         at INTEGER NOT NULL,
         act TEXT NOT NULL,
         kind TEXT NOT NULL,
         mode TEXT NOT NULL,
         formality TEXT NOT NULL,
         minutes INTEGER NOT NULL,
         people TEXT NOT NULL
       )""",
    (
        "CREATE UNIQUE INDEX minutes_by_cycle_{g} ON minutes_act_{g} (tenant, cycle, version)",
        "CREATE INDEX minutes_by_time_{g} ON minutes_act_{g} (tenant, at)",
    ),
)

SHARE = Table(
    "minutes_share",
    "tenant, person, at, position",
    """CREATE TABLE minutes_share_{g} (
         tenant TEXT NOT NULL,
         person TEXT NOT NULL,
         at INTEGER NOT NULL,
         position INTEGER NOT NULL,
         role TEXT NOT NULL,
         minutes INTEGER NOT NULL,
         PRIMARY KEY (tenant, person, at, position)
       ) WITHOUT ROWID""",
)

TEAM = Table(
    "minutes_team",
    "tenant, cycle",
    """CREATE TABLE minutes_team_{g} (
         tenant TEXT NOT NULL,
         cycle TEXT NOT NULL,
         programme TEXT NOT NULL,
         members TEXT NOT NULL,
         PRIMARY KEY (tenant, cycle)
       ) WITHOUT ROWID""",
)

TABLES = (ACT, SHARE, TEAM)

CONTACT, OBSERVATION, DEBRIEF = "contact", "observation", "debrief"
MENTEE, MENTOR, BOTH, GUEST = "mentee", "mentor", "both", "guest"
