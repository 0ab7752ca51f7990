"""The simulated clock stands still, and moves only forward."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mentorcycle.engine.simulation import SimulatedClock

NINE = datetime(2025, 8, 13, 9, tzinfo=UTC)


def test_it_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock(NINE)
    assert clock() == clock() == NINE
    clock.on(15)
    assert clock() == NINE + timedelta(minutes=15)


def test_it_gives_utc_whatever_zone_it_is_given() -> None:
    clock = SimulatedClock(NINE.astimezone(timezone(timedelta(hours=2))))
    assert clock().tzinfo is UTC


def test_it_does_not_go_back() -> None:
    clock = SimulatedClock(NINE)
    with pytest.raises(ValueError, match="does not go back"):
        clock.to(NINE - timedelta(seconds=1))


def test_it_wants_aware_instants() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SimulatedClock(datetime(2025, 8, 13, 9))  # noqa: DTZ001 - that is what is refused
