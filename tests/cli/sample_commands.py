"""Commands that end in every way a command can end; a tree of them stands in for the real one."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import click

from mentorcycle.cli import options
from mentorcycle.cli.confirm import confirm as ask
from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.lazy import Branch, Leaf, Tree
from mentorcycle.cli.main import Program, run
from mentorcycle.cli.progress import progress
from mentorcycle.cli.session import Session, command, common_options
from mentorcycle.domain.errors import Ambiguous, Conflict, NotFound, StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.domain.refusal import Refusal, Refused

UNMET = Refusal(
    "goal-measure", "c-7f3k cannot move", "the goal has no measure", "add one", {"cycle": "c-7f3k"}
)
FORBIDDEN = Refusal("not-yours", "c-7f3k cannot be read", "it is another pair's", permission=True)

ENDS: dict[str, Callable[[], ExitCode | None]] = {
    "refused": lambda: Refused((UNMET, FORBIDDEN)).or_raise(),
    "forbidden": lambda: Refused((FORBIDDEN, FORBIDDEN)).or_raise(),
    "unknown": lambda: _throw(NotFound("cycle", "c-zzzz")),
    "ambiguous": lambda: _throw(Ambiguous("cycle", "c-7", ("c-7f3k", "c-7f9m"))),
    "conflict": lambda: _throw(Conflict("cycle:c-7f3k", 3, 4)),
    "locked": lambda: _throw(StoreUnavailable("north.db is locked")),
    "old": lambda: _throw(
        StoreNeedsUpgrade("north.db is old", "", "open it with the mentorcycle that wrote it")
    ),
    "bug": lambda: _throw(KeyError("I shouted at my class")),
    "disk": lambda: _throw(OSError(28, "No space left on device")),
    "path": lambda: _throw(FileNotFoundError(2, "No such file or directory", "out/report.xlsx")),
    "interrupted": lambda: _throw(KeyboardInterrupt()),
    "partial": lambda: ExitCode.PARTIAL,
    "attention": lambda: ExitCode.ATTENTION,
    "fine": lambda: None,
}


@command()
@click.argument("how")
def end(_session: Session, how: str) -> ExitCode | None:
    """End in the way that is asked for."""
    return ENDS[how]()


@command()
def settings(session: Session) -> None:
    """Show the settings as the command sees them."""
    found = session.settings
    print(
        "|".join(str(value) for value in (found.db, found.actor, found.tenant, found.format, session.quiet))
    )


@command()
@click.option("--on", required=True)
def dates(session: Session, on: str) -> None:
    """Echo dates."""
    print(session.when(on, "Europe/Stockholm").date)


@command()
@click.argument("count", type=int)
def count(session: Session, count: int) -> None:
    """Write many rows."""
    from mentorcycle.cli.render import Column

    session.talk("counting")
    session.out.rows("count/1", [Column("n"), Column("name")], ((n, f"name {n}") for n in range(count)))


@command()
def names(session: Session) -> None:
    """Write a name."""
    from mentorcycle.cli.render import Column

    session.out.rows("names/1", [Column("name")], [("A. Ünal",)])


@command()
@click.argument("reference", default="")
def last(session: Session, reference: str) -> None:
    """Show what was used last, and use another."""
    print(session.last)
    if reference:
        session.remember(reference)


@command()
@options.on
@options.as_of
@options.dry_run
@options.yes
@options.with_notes
@options.exit_code
def shared(_session: Session, **given: object) -> None:
    """Show the shared options."""
    print(given)


@command()
@options.yes
def cancel(_session: Session, yes: bool) -> None:
    """Ask first."""
    ask("Cancel c-7f3k?", action="cancel", yes=yes)
    print("cancelled")


@command()
def sleep(_session: Session) -> None:
    """Wait to be interrupted."""
    print("ready", flush=True)
    time.sleep(60)


@command()
def work(session: Session) -> None:
    """Work for more than a second."""
    for _ in progress(range(4), 4, "working", quiet=session.quiet):
        time.sleep(0.4)


def _throw(error: BaseException) -> None:
    raise error


TREE: Tree = {
    "end": Leaf("sample_commands:end", "End somehow."),
    "settings": Leaf("sample_commands:settings", "Show settings."),
    "dates": Leaf("sample_commands:dates", "Echo dates."),
    "count": Leaf("sample_commands:count", "Count."),
    "names": Leaf("sample_commands:names", "Name."),
    "last": Leaf("sample_commands:last", "Remember."),
    "shared": Leaf("sample_commands:shared", "Options."),
    "cancel": Leaf("sample_commands:cancel", "Cancel."),
    "sleep": Leaf("sample_commands:sleep", "Sleep."),
    "work": Leaf("sample_commands:work", "Work."),
    "absent": Leaf("no_such_module:absent", "Its module cannot be imported."),
    "cycle": Branch("Cycles.", {"open": Leaf("sample_commands:settings", "Open a cycle.")}),
}
program = Program("mentorcycle", TREE, help="A sample.", params=common_options())
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday

if __name__ == "__main__":
    run(program)
