"""`db backup` and `db restore`: a copy of the store, and a copy put back."""

from __future__ import annotations

from pathlib import Path

import click

from .. import options
from ..exits import ConfirmationNeeded
from ..session import Session
from .owner import owner_command

_FILE = click.Path(dir_okay=False, path_type=Path)


@owner_command()
@click.argument("file", type=_FILE)
@options.yes
def backup(session: Session, file: Path, yes: bool) -> None:
    """Copy the store to a file.

    Others go on meanwhile, and the copy is checked. It holds the words of participants too: keep it as
    safe as the store. A file that is there is only replaced with --yes. There is no --dry-run: the store
    stays as it is.
    """
    from mentorcycle.engine.doctor import megabytes
    from mentorcycle.engine.maintenance import backup as copy
    from mentorcycle.engine.maintenance import file_of

    from ..columns import Column
    from ..sides import counted
    from ..store import reading, store_url

    file_of(store_url(session))
    if file.exists() and not yes:
        raise ConfirmationNeeded(
            f"{file} is not overwritten", "it is there already", "name another file, or add --yes"
        )
    with reading(session) as place:
        made = copy(place.queries, str(file), replace=file.exists())
    session.out.record(
        "backup/1",
        [Column("path"), Column("events"), Column("bytes")],
        made,
        sentence=f"{counted(made.events, 'event')} are safe in {made.path} ({megabytes(made.bytes)})",
        as_of=made.events,
    )


@owner_command()
@click.argument("file", type=_FILE)
@options.yes
@options.dry_run
def restore(session: Session, file: Path, yes: bool, dry_run: bool) -> None:
    """Make a backup the store.

    Its file and its whole log are verified first. A store that is there is only replaced with --yes, and
    kept beside it under another name. Exits 9 when the backup does not hold.
    """
    from mentorcycle.domain.errors import NoSuchFile
    from mentorcycle.engine.maintenance import checked, file_of
    from mentorcycle.engine.maintenance import restore as put_back

    from ..columns import Column
    from ..progress import counting
    from ..sides import counted

    url = session.settings.db
    path = Path(file_of(url))
    if not file.exists():
        raise NoSuchFile(str(file))
    there = path.is_file() and path.stat().st_size > 0
    with counting("events verified", quiet=session.quiet) as told:
        events = checked(str(file), told)
    if there and not yes:
        raise ConfirmationNeeded(
            f"{path} is not replaced by {file}",
            f"{_holds(url)}; the backup holds {counted(events, 'event')}",
            "add --yes: what is there is kept under another name",
        )
    if dry_run:
        session.talk(f"dry run: {file} holds {counted(events, 'event')}, all verified; nothing was written")
        return
    made = put_back(url, str(file), f"{session.now():%Y%m%dT%H%M%S}")
    session.out.record(
        "restore/1",
        [Column("path"), Column("events"), Column("before"), Column("kept")],
        made,
        sentence=f"{made.path} is restored: {counted(made.events, 'event')}, all verified",
        footer=f"what was there is kept as {made.kept}" if made.kept else "",
        as_of=made.events,
    )


def _holds(url: str) -> str:
    """What is in the store that would go; it may be damaged, that is what restoring is for."""
    from mentorcycle.domain.errors import StoreUnavailable
    from mentorcycle.engine.queries import Queries

    from ..sides import counted

    try:
        with Queries.open(url) as queries:
            return f"it is there and holds {counted(queries.head(), 'event')}"
    except StoreUnavailable as error:
        return f"it is there ({error.why or error.what})"
