"""The store that a command works on: opened once, with the actor, the references a person types, and dates.

`reading` loads the read models alone and never the engine; `writing` loads all of it. No rule and no output here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mentorcycle.domain.actor import LOCAL, Actor
from mentorcycle.domain.errors import MentorcycleError, NotFound, StoreUnavailable
from mentorcycle.domain.ids import DEFAULT_TENANT, MAIN_PROGRAMME, subject_of
from mentorcycle.domain.vocabulary import Known, Role

from .progress import counting
from .refs import LAST, Candidate, resolve
from .session import Session
from .settings import DEFAULT_DB, DEMO_DB

if TYPE_CHECKING:
    from mentorcycle.domain.programme import Programme
    from mentorcycle.engine.engine import Engine
    from mentorcycle.engine.queries import Found, Queries
    from mentorcycle.engine.settings import Settings

    from .asof import AsOf


SQLITE = "sqlite:///"
MANY = 1_000_000


class NotOfTheirs(NotFound):
    """Nothing that a participant may mean is called so; whether anything else is, they are not told."""

    def __init__(self, kind: str, reference: str, fix: str = "") -> None:
        super().__init__(kind, reference)
        MentorcycleError.__init__(
            self,
            f"no {kind} of yours is called {reference!r}",
            "participants mean their own cycles and the people in them",
            fix or "name one of those, or ask a coordinator",
        )


def unknown(kind: str, reference: str, actor: Actor, fix: str = "") -> NotFound:
    """The error for a reference that means nothing to an actor."""
    return (NotOfTheirs if actor.role is Role.PARTICIPANT else NotFound)(kind, reference, fix)


class Place:
    """What every command needs of its store, whether it reads or writes."""

    def __init__(self, session: Session, queries: Queries) -> None:
        self.session = session
        self.queries = queries

    @cached_property
    def actor(self) -> Actor:
        """Who acts: `--as coordinator`, `--as auditor`, a person, or else the local coordinator."""
        named = self.session.settings.actor
        match named:
            case None | "coordinator":
                return Actor.coordinator(LOCAL)
            case "auditor":
                return Actor.auditor(LOCAL)
            case _:
                anybody = Actor.coordinator(
                    LOCAL
                )  # who they are is asserted, not looked up in their own name
                return Actor.participant(self._person(named, anybody), Known.ASSERTED)

    @cached_property
    def programme(self) -> Programme:
        """The programme; one that was named must be there."""
        found = self.queries.programme(self.programme_id)
        if self.session.settings.program and not found.exists:
            raise self.no_programme()
        return found

    def no_programme(self) -> NotFound:
        """The error that names the programmes that are meant, or that there are."""
        from difflib import get_close_matches

        wanted = self.programme_id
        created = self.queries.trail(Actor.coordinator(LOCAL), names=["ProgrammeCreated"], limit=MANY)
        there = sorted(subject_of(row.stream) for row in created)
        meant = get_close_matches(wanted, there, n=3)
        said = f"did you mean {' or '.join(meant)}?" if meant else f"there is {', '.join(there)};"
        tenant = self.session.settings.tenant
        make = f"mentorcycle db init --program {wanted}" + (f" --tenant {tenant}" if tenant else "")
        return NotFound("programme", wanted, f"{said} another is made by: {make}" if there else make)

    @property
    def programme_id(self) -> str:
        return self.session.settings.program or MAIN_PROGRAMME

    @property
    def today(self) -> date:
        return self.session.today(self.programme.zone)

    def cycle(self, text: str, *, remember: bool = True) -> str:
        """The full id of the cycle that is meant by whoever acts; `@last` means it from then on."""
        last = self.session.last
        wanted = last if text.strip() == LAST and last else text
        found = self._meant(text, self.queries.find_cycles(wanted, self.actor), "cycle", self.actor, last)
        if remember:
            self.session.remember(found)
        self.label(found)
        return found

    def person(self, text: str) -> str:
        """The full id of the person that is meant; ids of merged duplicates lead to the survivor."""
        return self._person(text, self.actor)

    def _person(self, text: str, actor: Actor) -> str:
        found = self._meant(text, self.queries.find_people(text, actor), "person", actor)
        self.label(found)
        return found

    def _meant(
        self, text: str, found: Iterable[Found], kind: str, actor: Actor, last: str | None = None
    ) -> str:
        candidates = (Candidate(one.id, one.name, one.other_names) for one in found)
        try:
            return resolve(text, candidates, kind, last=last).id
        except NotFound as error:
            raise unknown(kind, text.strip(), actor, error.fix) from None

    def batch(self, text: str) -> str:
        """The full id of the batch that is meant."""
        candidates = (Candidate(id, "") for id in self.queries.find_batches(text, self.actor))
        return resolve(text, candidates, "batch").id

    def labels(self, ids: Iterable[str]) -> dict[str, str]:
        """Short ids to show; errors then speak of them too."""
        made = self.queries.short(ids)
        self.session.labels.update(made)
        return made

    def label(self, id: str) -> str:
        return self.labels([id])[id]

    def when(self, text: str | None) -> datetime | None:
        """`--on` as the instant that stands for it: noon of that day, or now for today."""
        if text is None:
            return None
        from mentorcycle.domain.zones import noon

        zone = self.programme.zone
        when = self.session.when(text, zone, self.programme.calendar)
        if when.at is not None:
            return when.at
        return None if when.date == self.today else noon(when.date, zone)

    def moment(self, text: str) -> datetime:
        """The instant that was typed, or noon of the day."""
        from mentorcycle.domain.zones import noon

        when = self.session.when(text, self.programme.zone, self.programme.calendar)
        return when.at or noon(when.date, self.programme.zone)

    def day(self, text: str) -> date:
        """The day that was typed."""
        return self.session.when(text, self.programme.zone, self.programme.calendar).date

    def at(self, text: str | None) -> int | datetime | None:
        """`--as-of` as the engine takes it: a position, an instant, or None for now."""
        if text is None:
            return None
        as_of = self.as_of(text)
        self.session.talk(as_of.echo)
        return as_of.stamp

    def as_of(self, text: str) -> AsOf:
        """What was typed of a moment in the recorded past; raise `WrongValue` for one yet to come."""
        from .asof import not_ahead, parse_as_of

        zone, head = self.programme.zone, self.queries.head()
        as_of = parse_as_of(text, self.today, zone, self.programme.calendar)
        return not_ahead(as_of, self.session.now(), zone, head, self.queries.recorded_at(head))

    def day_of(self, at: int | datetime | None) -> date:
        """The day on which a moment of `at` was, where the programme is."""
        moment = self.queries.recorded_at(at) if isinstance(at, int) else at
        return self.today if moment is None else self.programme.day(moment)


class WritingPlace(Place):
    """A place with the engine, for commands that write or ask what could be done."""

    def __init__(self, session: Session, engine: Engine, *, founds: bool = False) -> None:
        super().__init__(session, engine.queries)
        self._engine = engine
        self._founds = founds

    @cached_property
    def engine(self) -> Engine:
        """The engine, with the programme there: in a store without an event, `founds` makes it.

        A programme that was made, and then nothing, is given its definition too.
        """
        known = self._engine.programme(self.programme_id)
        unfinished = known.exists and not known.published and not self.session.dry_run
        if self._founds and (unfinished or self._engine.store.head() == 0):
            self._engine.ensure_programme(self.actor, programme=self.programme_id)
        elif not known.exists:
            raise self.no_programme()
        return self._engine

    @cached_property
    def programme(self) -> Programme:
        return self.engine.programme(self.programme_id)


def store_url(session: Session, *, to_write: bool = False) -> str:
    """The store that exists: the one that was named or configured; without either, a demo made in this folder.

    Nobody writes into a demo without naming it: another demo would wipe that work.
    """
    settings = session.settings
    if "db" in settings.origins and settings.origins["db"] != "default":
        return settings.db
    if not Path(DEFAULT_DB.removeprefix(SQLITE)).exists() and Path(DEMO_DB.removeprefix(SQLITE)).exists():
        if to_write:
            raise StoreUnavailable(
                f"nothing is written to {DEMO_DB.removeprefix(SQLITE)}, a demo that nobody named",
                f"there is no {DEFAULT_DB.removeprefix(SQLITE)} here",
                f"mentorcycle db init, or to write into the demo on purpose add --db {DEMO_DB}",
            )
        session.talk(f"using {DEMO_DB}: there is no {DEFAULT_DB.removeprefix(SQLITE)} here")
        return DEMO_DB
    return settings.db


@contextmanager
def reading(session: Session) -> Iterator[Place]:
    """Open the store for a command that only reads; close it after."""
    from mentorcycle.engine.queries import Queries

    settings = session.settings
    tenant = settings.tenant or DEFAULT_TENANT
    with (
        Queries.open(store_url(session), tenant=tenant, clock=session.now) as queries,
        counting("events read", quiet=session.quiet) as queries.readers.told,
    ):
        yield Place(session, queries)


@contextmanager
def writing(
    session: Session, *, founds: bool = False, create: bool = False, asks: bool = False
) -> Iterator[WritingPlace]:
    """Open the engine for a command that writes, or only `asks`.

    With `founds` the programme of an empty store is made, with `create` the store too when there is none. A dry
    run of either happens in memory.
    """
    from mentorcycle.engine.engine import Engine

    settings = session.settings
    with (
        Engine.open(
            _to_write(session, founds=founds, create=create, asks=asks),
            tenant=settings.tenant or DEFAULT_TENANT,
            settings=engine_settings(session),
            create=create and not session.dry_run,
        ) as engine,
        counting("events read", quiet=session.quiet) as engine.queries.readers.told,
    ):
        yield WritingPlace(session, engine, founds=founds or create)


def engine_settings(session: Session) -> Settings:
    """Settings of the engine, with the session's clock if it was given one: else a store may have a better one."""
    from mentorcycle.engine.settings import Settings

    return Settings(clock=session.given_clock) if session.given_clock else Settings()


def is_new(url: str) -> bool:
    """Whether there is no file at a URL yet, or an empty one."""
    from mentorcycle.engine.url import sqlite_path

    path = sqlite_path(url)
    return path is not None and not (Path(path).is_file() and Path(path).stat().st_size)


def _to_write(session: Session, *, founds: bool, create: bool, asks: bool) -> str:
    from mentorcycle.engine.queries import Queries
    from mentorcycle.engine.url import MEMORY

    url = session.settings.db if create else store_url(session, to_write=not asks)
    if not (session.dry_run and (founds or create)):
        return url
    if is_new(url):
        return MEMORY if create else url
    with Queries.open(url) as queries:
        return url if queries.head() else MEMORY
