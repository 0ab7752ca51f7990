"""Bytes an event costs on disk: with everything that belongs to it, and in the log table alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ..report import Bar, Row
from ..rounds import Sample
from ..site import Bench, Site

TABLES = ("events", "commands", "words")


def measure(bench: Bench) -> list[Row]:
    return [row for site in bench.sites for row in _measured(site)]


def _measured(site: Site) -> list[Row]:
    """Taken from the raw copy, where no read model is, and from the stock file."""
    assert site.corpus
    ours = {table: _bytes(site.raw_path, table) for table in TABLES}
    events = _count(site.raw_path, "events")
    stock = _bytes(site.stock_path, "stored_events") / _count(site.stock_path, "stored_events")
    log, all_ = ours["events"] / events, sum(ours.values()) / events
    return [
        Row(
            "bytes per event, the log and its index",
            site.events,
            "B",
            _exact(log),
            None,
            _exact(stock),
            _bars(log, stock),
        ),
        Row(
            "… with command ids and words",
            site.events,
            "B",
            _exact(all_),
            None,
            _exact(stock),
            _bars(all_, stock),
        ),
    ]


def _bars(mine: float, stock: float) -> list[Bar]:
    return [Bar(mine / stock, "stock")]


def _exact(value: float) -> Sample:
    return Sample((value,))


def _count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _bytes(path: Path, table: str) -> int:
    """Pages of a table and its indexes."""
    query = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)"
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(query, (table,)).fetchone()[0])
