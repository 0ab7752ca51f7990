"""`db init`: a store with its programme."""

from __future__ import annotations

import click

from .. import options
from ..session import Session
from ..words import TEXT
from .owner import owner_command


@owner_command()
@click.option("--name", type=TEXT, metavar="NAME", help="The name of the programme.")
@click.option("--zone", metavar="ZONE", help="Its time zone, for example Europe/Stockholm. [default: UTC]")
@click.option("--change", is_flag=True, help="Give a programme that is there this name and zone.")
@options.dry_run
def init(session: Session, name: str | None, zone: str | None, change: bool, dry_run: bool) -> None:
    """Make a store and its programme.

    The shipped definition is published in it. A programme that is there keeps its name and zone, unless
    --change says otherwise.
    Another programme in the same store is made with --program. In a PostgreSQL database it makes the
    tables, and asks for the rights to do so; nothing else but db copy ever makes them.
    """
    from mentorcycle.domain.commands import ChangeProgramme, Command, CreateProgramme
    from mentorcycle.domain.ids import DEFAULT_TENANT
    from mentorcycle.domain.zones import zone_of
    from mentorcycle.engine.engine import Engine
    from mentorcycle.engine.url import MEMORY, init_store, shown

    from ..store import WritingPlace, engine_settings, is_new
    from ..taken import Taken

    zone_of(zone or "UTC")
    url, tenant = session.settings.db, session.settings.tenant or DEFAULT_TENANT
    made = init_store(url, dry_run=dry_run)
    rehearsed = dry_run and (made or is_new(url))
    settings = engine_settings(session)
    with Engine.open(MEMORY if rehearsed else url, tenant=tenant, settings=settings) as engine:
        place = WritingPlace(session, engine)
        known = engine.programme(place.programme_id)
        said = (name or known.name or "Mentoring programme", zone or known.zone)
        weekend = tuple(sorted(known.calendar.weekend))
        kind = ChangeProgramme if known.exists and change else CreateProgramme
        asked: Command = kind(*said, weekend, programme=place.programme_id)
        receipt = engine.execute(asked, place.actor, dry_run=dry_run).or_raise()
        if not dry_run:
            engine.ensure_programme(place.actor, programme=place.programme_id)
        called, where = f"{said[0]} ({said[1]})", shown(url)
        done = f"{called} is what {where} is for now" if known.exists else f"{where} is ready for {called}"
        Taken(place, receipt, dry_run).say(done, already=f"{where} is ready for {called}")
        if not known.exists:
            session.talk('next: mentorcycle import FILE, or mentorcycle person add "NAME"')
