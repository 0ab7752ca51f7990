"""The clock of a simulated year: it stands still until it is moved, and moves only forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Gives the aware UTC instant to which it was last moved; for `Settings(clock=…)`."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)

    def __call__(self) -> datetime:
        return self._now

    def to(self, moment: datetime) -> None:
        """Move on to an aware instant; raise ValueError for one that has passed."""
        later = _utc(moment)
        if later < self._now:
            raise ValueError(f"the clock stands at {self._now} and does not go back to {later}")
        self._now = later

    def on(self, minutes: int) -> None:
        """Let some minutes pass."""
        self.to(self._now + timedelta(minutes=minutes))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)
