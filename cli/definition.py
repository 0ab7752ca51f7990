"""Definitions of cycles: check a file, show and draw what is published or shipped, publish another version.

What makes a definition sound, `domain.definition` knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.domain.definition import Definition

_file = click.argument("file", type=click.Path(path_type=Path))
_name = click.argument("name", required=False)


@command()
def list_(session: Session) -> None:
    """List the definitions that were published.

    \b
    mentorcycle definition list
    """
    from .columns import Column
    from .store import reading

    columns = [
        Column("name"),
        Column("version", right=True),
        Column("title"),
        Column("stages"),
        Column("digest"),
    ]
    with reading(session) as place:
        rows = [
            (d.name, d.version, d.title, [stage.name for stage in d.stages], d.digest)
            for d in place.queries.published(place.programme)
        ]
    session.out.rows("definitions/1", columns, rows, empty="none is published yet")


@command()
@_name
def show(session: Session, name: str | None) -> None:
    """Show a definition's stages and requirements.

    NAME is a published definition (or name@version) or a file; the shipped peer-cycle without one.

    \b
    mentorcycle definition show
    mentorcycle definition show lesson-study@1
    """
    from .columns import Column

    definition = _named(session, name)
    columns = [
        Column("stage"),
        Column("budget", title="school days", right=True),
        Column("stalled_after", title="stalled after", right=True),
        Column("accepts"),
        Column("moves"),
    ]
    rows = [
        (
            stage.name,
            stage.budget,
            stage.stalled_after,
            [activity.value for activity in stage.activities],
            [_move(definition, stage.name, edge.target) for edge in definition.edges_from(stage.name)],
        )
        for stage in definition.stages
    ]
    title = f"{definition.ref} · {definition.title} · {definition.digest[:12]}"
    facts = {"name": definition.name, "version": definition.version, "digest": definition.digest}
    session.out.rows("definition/1", columns, rows, title=title, facts=facts)


@command()
@_file
def check(session: Session, file: Path) -> None:
    """Check a definition file.

    \b
    mentorcycle definition check lesson-study.toml
    """
    from .columns import Column

    definition = _loaded(session, file)
    columns = [Column("name"), Column("version"), Column("stages"), Column("digest")]
    row = (
        definition.name,
        definition.version,
        [stage.name for stage in definition.stages],
        definition.digest,
    )
    sentence = f"{file.name}: {definition.ref} is sound, {len(definition.stages)} stages"
    session.out.record("definition-check/1", columns, row, sentence=sentence)


@command()
@_name
@click.option("--dot", "as_dot", is_flag=True, help="Write Graphviz dot, not mermaid.")
def diagram(session: Session, name: str | None, as_dot: bool) -> None:
    """Draw a definition as mermaid or dot.

    \b
    mentorcycle definition diagram
    mentorcycle definition diagram lesson-study.toml --dot
    """
    from mentorcycle.domain.definition import to_dot, to_mermaid

    definition = _named(session, name)
    session.out.text((to_dot if as_dot else to_mermaid)(definition))


@command()
@_file
@options.dry_run
def publish(session: Session, file: Path, dry_run: bool) -> None:
    """Publish a definition file.

    Cycles opened from then on may name it; running ones stay on the version they started with.

    \b
    mentorcycle definition publish lesson-study.toml
    """
    from mentorcycle.domain.commands import PublishDefinition

    from .store import writing
    from .taken import take

    definition = _loaded(session, file)
    with writing(session) as place:
        _ = place.programme
        taken = take(place, PublishDefinition(definition.source, place.programme_id), dry_run=dry_run)
        taken.say(f"{definition.ref} is published", already=f"{definition.ref} was published before")


def _move(definition: Definition, source: str, target: str) -> str:
    edge = definition.edge(source, target)
    requires = ", ".join(use.name for use in edge.requires) if edge else ""
    return f"→ {target} ({requires})" if requires else f"→ {target}"


def _named(session: Session, name: str | None) -> Definition:
    """The definition of a file, of a name that was published, or the shipped one."""
    from mentorcycle.domain.definition import shipped
    from mentorcycle.domain.errors import NotFound, StoreUnavailable

    if name is not None and (name.endswith(".toml") or Path(name).is_file()):
        return _loaded(session, Path(name))
    try:
        from .store import reading

        with reading(session) as place:
            found = place.queries.find_definition(name or "", place.programme)
    except StoreUnavailable:
        found = None  # without a store there is the shipped one
    if found is None and name in (None, "peer-cycle", "peer-cycle@1"):
        return shipped()
    if found is None:
        raise NotFound("definition", name or "", "run: mentorcycle definition list, or name a file")
    return found


def _loaded(session: Session, file: Path) -> Definition:
    """The definition in a file; every mistake is a line of its own."""
    from mentorcycle.domain.definition import DefinitionInvalid, load

    from .columns import Column

    try:
        return load(file)
    except DefinitionInvalid as error:
        columns = [Column("where"), Column("what"), Column("fix")]
        session.out.rows("definition-problems/1", columns, error.problems)
        raise
