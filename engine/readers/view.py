"""Read models as a query sees them: tables of one moment, and the position of the log they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.minutes import MinutesQueries
from mentorcycle.projections.people import PeopleQueries
from mentorcycle.projections.trail import TrailQueries

from .registry import Generation, Lineup


class Digest(NamedTuple):
    """SHA-256 of all rows of a read model, as of a position of the log."""

    name: str
    position: int
    sha256: str


class View:
    """Questions to the read models; valid until its block ends."""

    def __init__(self, connection: Connection, lineups: Mapping[str, Lineup]) -> None:
        self.connection = connection
        self._lineups = lineups

    @cached_property
    def cycles(self) -> CycleQueries:
        """Where cycles stand, now and as of any position."""
        return CycleQueries(self.connection, self.serving("cycles").generation)

    @cached_property
    def people(self) -> PeopleQueries:
        """Who there is, and how much each has to do."""
        return PeopleQueries(self.connection, self.serving("people").generation)

    @cached_property
    def minutes(self) -> MinutesQueries:
        """Minutes that people gave each other."""
        return MinutesQueries(self.connection, self.serving("minutes").generation)

    @cached_property
    def trail(self) -> TrailQueries:
        """Who did what, and when."""
        return TrailQueries(self.connection, self.serving("trail").generation)

    @cached_property
    def position(self) -> int:
        """Up to where in the log every read model that works has read."""
        active = [one.active.position for one in self._lineups.values() if one.active]
        return min(active, default=0)

    def serves(self, name: str) -> bool:
        """Whether a read model can be asked."""
        return self._lineups[name].active is not None

    def digest(self, name: str) -> Digest:
        """The digest of all rows of a read model."""
        serving = self.serving(name)
        sha256 = self._lineups[name].model.digest(self.connection, serving.generation)
        return Digest(name, serving.position, sha256)

    def serving(self, name: str) -> Generation:
        """The generation that answers; raise `StoreUnavailable` for a read model that has failed."""
        one = self._lineups[name]
        if one.active is not None:
            return one.active
        if one.newer:
            raise StoreNeedsUpgrade(
                f"the read model {name} was made by a newer program",
                f"this program speaks version {one.model.version} of it",
                "install the newer mentorcycle",
            )
        error = one.failed.error if one.failed else None
        raise StoreUnavailable(
            f"the read model {name} has failed",
            f"it raised {error} and was stopped; the log is safe",
            f"run: mentorcycle db rebuild {name}",
        )
