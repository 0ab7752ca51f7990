"""The clock of one host is an hour wrong: what is recorded is by the server's, and somebody says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from mentorcycle.domain import commands as c
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify
from mentorcycle.engine.doctor import examine
from mentorcycle.engine.queries import Queries
from mentorcycle.engine.settings import utc_now

from .load import OFFICE, PROGRAMS, Load

HOUR = timedelta(hours=1)


def looked_over(url: str, clock: Callable[[], datetime] = utc_now) -> dict[str, str]:
    """What `doctor` says needs attention."""
    checks = examine(lambda: Queries.open(url), clock)
    return {check.name: check.what for check in checks if not check.ok}


def events(url: str) -> list[Any]:
    with Engine.open(url) as engine, engine.subscribe() as log:
        assert verify(engine.store).holds
        return [next(log) for _ in range(engine.store.head())]


def never_fall(events: list[Any]) -> bool:
    return all(a.recorded_at <= b.recorded_at for a, b in pairwise(events))


def test_hosts_with_wrong_clocks_record_by_the_servers_and_are_found_out(log_url: str) -> None:
    began = datetime.now(UTC)
    with Load(log_url) as load:
        assert looked_over(log_url) == {}
        hosts = {
            hours: subprocess.Popen(
                [sys.executable, PROGRAMS / "wrong_clock.py", log_url, hours, load.cycle, load.mentor],
                stdout=subprocess.PIPE,
                text=True,
            )
            for hours in ("0", "1", "-1")
        }
        said = {hours: host.communicate(timeout=120)[0] for hours, host in hosts.items()}
    assert [host.returncode for host in hosts.values()] == [0, 0, 0]
    recorded = events(log_url)
    assert never_fall(recorded)
    assert began - HOUR / 60 <= recorded[0].recorded_at
    assert recorded[-1].recorded_at <= datetime.now(UTC) + HOUR / 60
    ahead = [e for e in recorded if getattr(e.event, "name", "").startswith("1-")]
    assert len(ahead) == 4
    assert all(e.occurred_at - e.recorded_at > HOUR - HOUR / 60 for e in ahead)  # as that host believed
    assert "clock | " in said["1"]
    assert "60 minutes ahead of the server's" in said["1"]
    assert "60 minutes behind the server's" in said["-1"]
    assert "the server's" not in said["0"]
    assert "comes from a clock" in looked_over(log_url)["clocks of writers"]


def test_engines_that_are_given_wrong_clocks_never_fall_behind_and_are_found_out(log_url: str) -> None:
    def wrong(by: timedelta) -> Engine:
        return Engine.open(log_url, settings=Settings(clock=lambda: utc_now() + by))

    with wrong(timedelta()) as right, wrong(HOUR) as ahead:
        right.ensure_programme(OFFICE)
        for engine in (right, ahead, right):
            engine.execute(c.AddPerson("Ann"), OFFICE).or_raise()
    assert never_fall(events(log_url))
    found = looked_over(log_url)
    assert "later than it is now" in found["clock"]
    assert "behind its record" in found["clocks of writers"]
