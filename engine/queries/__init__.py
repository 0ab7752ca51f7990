"""Questions to the read models: who stands where, now and as of any moment, as far as the actor may see it.

Every answer knows all that was appended before it was asked for, from any process. Nothing here loads the deciding
half of the engine, and no answer carries words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from mentorcycle.domain.ids import DEFAULT_TENANT

from ..closing import Closing
from ..settings import utc_now
from ..url import open_reader
from .cycles import CycleQuestions, Listing, Stalled
from .past import PastQuestions
from .people import PeopleQuestions
from .references import Found, References
from .trail import TrailQuestions

__all__ = ["Found", "Listing", "Queries", "Stalled"]


class Queries(Closing, CycleQuestions, PeopleQuestions, TrailQuestions, PastQuestions, References):
    """Every question of one tenant. Threads may share it."""

    @classmethod
    def open(cls, url: str, *, tenant: str = DEFAULT_TENANT, clock: Callable[[], datetime] = utc_now) -> Self:
        """Open the store at a URL for questions alone; raise `StoreUnavailable` when there is none."""
        return cls(open_reader(url), tenant, clock)

    def close(self) -> None:
        """Give back what `open` opened."""
        self.store.close()
