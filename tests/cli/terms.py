"""An autumn in the school of a `Desk`: one pair comes late to observing, another pauses."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from .conftest import Desk

WORDS = ("hands go up quietly", "two tables wait for each other", "we talked about the seating")
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
_KEPT: dict[str, Path] = {}


def autumn(desk: Desk) -> Desk:
    """The desk on Friday 20 November; Ünal's cycle waits for its debrief, Okoro's is paused.

    Ünal and Karlsson: opened 5 Oct, due 19 Oct, to observe on 27 Oct (six school days late), a lesson on 2 Nov.
    Okoro and Lind: opened 28 Oct, paused since 10 Nov.
    """
    if "autumn" not in _KEPT:
        _live(desk)
        _KEPT["autumn"] = Path(mkdtemp()) / "autumn"
        shutil.copytree(desk.folder, _KEPT["autumn"], ignore=shutil.ignore_patterns(".*"))
    for file in _KEPT["autumn"].glob("mentorcycle.db*"):
        shutil.copy(file, desk.folder)
    desk.now = FRIDAY
    return desk


def _live(desk: Desk) -> None:
    day = lambda month, number: datetime(2026, month, number, 8, tzinfo=UTC)  # noqa: E731
    desk.now = day(10, 5)
    desk.opened("unal")
    desk.now = day(10, 6)
    measured = ("--measure", WORDS[0], "--target", "80", "--unit", "percent")
    desk.done("cycle", "goal", "unal", "--area", "engagement", *measured, by="unal")
    desk.done("cycle", "baseline", "unal", "--value", "50", "--source", "observation")
    desk.done("cycle", "agree", "unal", by="unal")
    desk.now = day(10, 27)
    desk.done("cycle", "agree", "unal", by="karlsson")
    desk.done("advance", "unal")
    desk.now = day(10, 28)
    desk.opened("okoro")
    desk.now = day(10, 30)
    desk.done("cycle", "focus", "unal", "--focus", "who waits", "--method", "tally", by="unal")
    desk.now = day(11, 2)
    desk.done("cycle", "observe", "unal", "--minutes", "45", "--evidence", WORDS[1], by="karlsson")
    desk.now = day(11, 4)
    desk.done("cycle", "checkin", "unal", "--minutes", "20", "--notes", WORDS[2], by="unal")
    desk.now = day(11, 10)
    desk.done("cycle", "pause", "okoro", "--reason", "leave")
