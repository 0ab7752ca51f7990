"""Instants as read models keep them: UTC microseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware instant."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware instant of UTC microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
