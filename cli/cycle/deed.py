"""What every command on one cycle shares: it names the cycle, opens the store, may be rehearsed and backdated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from .. import options
from ..dates import said
from ..session import Command, Session, command

if TYPE_CHECKING:
    from mentorcycle.domain.commands import Command as Asked
    from mentorcycle.domain.cycle import Cycle

    from ..store import WritingPlace
    from ..taken import Taken

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Deed:
    """One command on one cycle: `cycle` is its full id, `on` what was typed of when it happened."""

    place: WritingPlace
    cycle: str
    on: str | None
    dry_run: bool

    @property
    def label(self) -> str:
        """The cycle's short id."""
        return self.place.label(self.cycle)

    @property
    def state(self) -> Cycle:
        """The cycle as it is now."""
        return self.place.engine.cycle(self.cycle, self.place.actor)

    def take(self, asked: Asked, *, at: datetime | None = None, dry_run: bool | None = None) -> Taken:
        """Have it done, or rehearsed; raise its refusal."""
        from ..taken import take

        rehearsed = self.dry_run if dry_run is None else dry_run
        return take(self.place, asked, on=self.on, at=at, dry_run=rehearsed)

    def person(self, text: str | None) -> str | None:
        """The full id of somebody who was named."""
        return None if text is None else self.place.person(text)

    def names(self, people: Iterable[str]) -> str:
        """What people are called, as in a sentence."""
        from ..taken import people as named

        return named(self.place, people)

    def clock(self, moment: datetime) -> str:
        """An instant as people of the programme read it."""
        from mentorcycle.domain.zones import zone_of

        there = moment.astimezone(zone_of(self.place.programme.zone))
        return f"{said(there.date())} {there:%H:%M}"

    def only(self, kind: str, chosen: str | None, ids: Iterable[str]) -> str:
        """The goal or observation that is meant: the one chosen, or the only one there is."""
        known = list(ids)
        if chosen is not None:
            return chosen
        if len(known) == 1:
            return known[0]
        there = f"{self.label} has {', '.join(known)}" if known else f"{self.label} has none yet"
        raise click.UsageError(f"say which {kind} with --{kind}: {there}.", click.get_current_context())


def on_cycle(*, dated: bool = True) -> Callable[[Callable[Concatenate[Deed, P], object]], Command]:
    """A command on the cycle it names first; `dated` ones take `--on`."""

    def decorate(function: Callable[Concatenate[Deed, P], object]) -> Command:
        @wraps(function)
        def run(
            session: Session, /, cycle: str, dry_run: bool, on: str | None = None, **given: Any
        ) -> object:
            from ..store import writing

            with writing(session) as place:
                return function(Deed(place, place.cycle(cycle), on, dry_run), **given)  # type: ignore[call-arg]

        shared = options.on(options.dry_run(lambda: None)) if dated else options.dry_run(lambda: None)
        own: list[click.Parameter] = run.__dict__.setdefault("__click_params__", [])
        own[:0] = shared.__dict__["__click_params__"]  # click reads the list backwards: help shows these last
        return command()(click.argument("cycle", metavar="REF")(run))

    return decorate
