"""What time it is, as the log writes it; every store takes another clock instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]  # UTC microseconds since 1970


def utc_microseconds() -> int:
    """The clock of the machine."""
    return time.time_ns() // 1000
