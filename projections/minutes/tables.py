"""Tables of the minutes: one act, one row, with everybody who took part and their role then.

Rows hang on positions of the log, so that acts of one time lie together: an act on its own, a cycle on that of its
opening. `at` is the instant when the act happened, and a correction moves it. A `team` is who is and was in a
cycle, so that hours stay with whoever gave them; a `member` is whoever ever was in it.
"""

from __future__ import annotations

from ..projection import Table

ACT = Table(
    "minutes_act",
    "position",
    """CREATE TABLE minutes_act_{g} (
         position INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         opened INTEGER NOT NULL,
         version INTEGER NOT NULL,
         at INTEGER NOT NULL,
         act TEXT NOT NULL,
         kind TEXT NOT NULL,
         mode TEXT NOT NULL,
         formality TEXT NOT NULL,
         minutes INTEGER NOT NULL,
         people TEXT NOT NULL
       )""",
    (
        "CREATE UNIQUE INDEX minutes_by_cycle_{g} ON minutes_act_{g} (opened, version)",
        "CREATE INDEX minutes_by_time_{g} ON minutes_act_{g} (tenant, at)",
    ),
)

TEAM = Table(
    "minutes_team",
    "opened",
    """CREATE TABLE minutes_team_{g} (
         opened INTEGER PRIMARY KEY,
         tenant TEXT NOT NULL,
         cycle TEXT NOT NULL,
         programme TEXT NOT NULL,
         members TEXT NOT NULL
       )""",
    ("CREATE UNIQUE INDEX minutes_cycles_{g} ON minutes_team_{g} (tenant, cycle)",),
)

MEMBER = Table(
    "minutes_member",
    "tenant, person, opened",
    """CREATE TABLE minutes_member_{g} (
         tenant TEXT NOT NULL,
         person TEXT NOT NULL,
         opened INTEGER NOT NULL,
         PRIMARY KEY (tenant, person, opened)
       ) WITHOUT ROWID""",
)

TABLES = (ACT, TEAM, MEMBER)

CONTACT, OBSERVATION, DEBRIEF = "contact", "observation", "debrief"
MENTEE, MENTOR, BOTH, GUEST = "mentee", "mentor", "both", "guest"
