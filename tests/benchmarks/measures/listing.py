"""`mentorcycle list` as a process: the first 50 cycles, read models up to date, output to a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from mentorcycle.cli.registry import TREE

from ..report import Bar, Row
from ..rounds import Turn, rounds, timed
from ..site import Bench, Site, tell

LIST = (sys.executable, "-m", "mentorcycle.cli", "list", "--limit", "50")
BARE = (sys.executable, "-c", "pass")
RAW = """
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT * FROM events ORDER BY position LIMIT 50")
print(*rows, sep="\\n")
"""


def measure(bench: Bench) -> list[Row]:
    if "list" not in TREE:
        tell("  there is no `mentorcycle list` yet")
        return []
    return [_measured(site) for site in bench.sites]


def _measured(site: Site) -> Row:
    with site.corpus.engine() as engine:
        engine.queries.readers.catch_up()
    environment = {**os.environ, "MENTORCYCLE_DB": f"sqlite:///{site.corpus.path}"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode

    def process(words: Sequence[str]) -> Turn:
        def work() -> int:
            subprocess.run(words, env=environment, check=True, capture_output=True)
            return 1

        return lambda _: timed(work)

    raw = (sys.executable, "-c", RAW, str(site.raw_path))
    turns = {"ours": process(LIST), "raw": process(raw), "bare": process(BARE)}
    turns["ours"](-1)
    found = rounds(site.effort.processes, turns)
    bars = [Bar(found["bare"].faster_than(found["ours"]), "bare interpreter")]
    title = f"`mentorcycle list`, 50 of {site.corpus.cycles:,} cycles, as a process"
    return Row(title, site.events, "ms", found["ours"], found["raw"], None, bars)
