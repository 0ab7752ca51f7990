"""From TOML to a checked definition: every mistake found is reported at once.

For files, shipped definitions and texts stored in the log. What the graph as a whole must satisfy is in
`checks`; nothing here needs `transitions`, because lists of cycles load definitions too.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Never

from ..errors import InvalidInput, NotFound
from .catalogue import CATALOGUE
from .checks import check
from .model import (
    COMPLETED,
    PERSONAL,
    RESERVED,
    Activity,
    Capacity,
    Definition,
    Edge,
    Parameter,
    RequirementUse,
    Stage,
    Trigger,
)
from .problems import DefinitionInvalid, Problem, one_of
from .reading import Table, shown

MOST_DAYS = 1_000


def load(path: Path) -> Definition:
    """The definition in a file; `NotFound` when there is none, `DefinitionInvalid` for its mistakes."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path.name)
    except FileNotFoundError:
        raise NotFound("definition file", str(path), "give the path of a TOML file") from None
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read", str(error.strerror), "give the path of a TOML file"
        ) from None
    except UnicodeDecodeError:
        _fail(path.name, [Problem(path.name, "the file is not UTF-8 text", "save it as UTF-8")])


@cache
def shipped(name: str = "peer-cycle") -> Definition:
    """A definition that comes with the package."""
    from importlib.resources import files

    folder = files("mentorcycle.domain") / "definitions"
    names = [file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")]
    if name not in names:
        raise NotFound("shipped definition", name, one_of(name, names))
    return parse((folder / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def parse(text: str, where: str, *, published: bool = False) -> Definition:
    """The definition in a text; `where` names it in messages. Raises `DefinitionInvalid`.

    A text that was `published` was checked then: a rule that came later does not make its cycles unreadable.
    """
    content = _toml(text, where)
    problems: list[Problem] = []
    file = Table(content, where, problems)
    name, version, title = file.name("name"), file.integer("version", 1, 1_000_000), file.text("title")
    initial = file.name("initial")
    debrief_within = file.integer("debrief_within", 0, MOST_DAYS)
    mentor_capacity = file.integer("mentor_capacity", 1, MOST_DAYS)
    stages = tuple(_stage(table) for table in file.tables("stage"))
    edges = tuple(_edge(table) for table in file.tables("edge"))
    permissions = dict(_permissions(file.table("activity"), frozenset() if published else PERSONAL))
    file.close()
    if not published:
        problems += check(where, initial, stages, edges, permissions)
    if problems:
        _fail(where, problems)
    return Definition(
        name, version, title, initial, stages, edges, permissions,
        debrief_within, mentor_capacity, _digest(content), text,
    )  # fmt: skip


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        _fail(where, [Problem(where, "it is nested too deeply to be read", "keep to the documented keys")])
    except ValueError as error:  # also a number too long for int()
        what, at = re.fullmatch(r"(.*?)(?: \(at (.*)\))?", str(error), re.DOTALL).groups()  # type: ignore[union-attr]
        place = f"{where}: {at}" if at else where
        _fail(place, [Problem(place, f"this is not TOML: {what}", "correct the syntax there")])


def _stage(table: Table) -> Stage:
    name = table.name("name")
    if name:
        table.where = f"{table.where.rpartition(': ')[0]}: stage {name!r}"
    if name in RESERVED:
        table.report(f"{name!r} is the name of a status", "call the stage otherwise")
    activities, listed = table.words("activities", Activity), table.raw("activities")
    if not isinstance(listed, list) or len(listed) > len(activities):
        activities = tuple(Activity)  # a misread list is blamed once, not again by every requirement
    stage = Stage(
        name,
        table.text("title"),
        table.integer("budget", 1, MOST_DAYS),
        table.integer("stalled_after", 1, MOST_DAYS),
        activities,
    )
    table.close()
    return stage


def _edge(table: Table) -> Edge:
    source, target = table.name("from"), table.name("to")
    if source and target:
        table.where += f" ({source} → {target})"
    likely = Trigger.ADVANCE if target == COMPLETED else Trigger.RETURN  # clashes with no other edge
    trigger = table.word("trigger", Trigger) or likely
    by = _as_meant(table, _by(table))
    edge = Edge(source, target, trigger, by, tuple(_requirements(table.table("requires"))))
    table.close()
    return edge


def _by(table: Table) -> tuple[Capacity, ...]:
    by = table.words("by", Capacity)
    if table.raw("by") == []:
        table.report("nobody may do this", f"name who, by = [{', '.join(map(_quoted, Capacity))}]")
    return by


def _as_meant(table: Table, by: tuple[Capacity, ...]) -> tuple[Capacity, ...]:
    """Everybody, where the list was misread: it is blamed once, not again by whatever needs the one it lacks."""
    listed = table.raw("by")
    return by if isinstance(listed, list) and len(listed) == len(by) else tuple(Capacity)


def _requirements(table: Table) -> Iterator[RequirementUse]:
    for name in table.names():
        given = table.table(name)
        spec = CATALOGUE.get(name)
        if spec is None:
            table.report(f"the requirement {name!r} is unknown", one_of(name, CATALOGUE))
            continue
        parameters: dict[str, Parameter] = {}
        for key, parameter in spec.parameters.items():
            value = given.raw(key)
            if value is not None and not parameter.allows(value):
                given.report(f"{key!r} is {shown(value)}", f"use {parameter.expected}: {parameter.meaning}")
                value = None
            parameters[key] = parameter.default if value is None else value  # type: ignore[assignment]
        given.close()
        yield RequirementUse(name, parameters)


def _permissions(
    table: Table, personal: frozenset[Activity]
) -> Iterator[tuple[Activity, tuple[Capacity, ...]]]:
    for name in table.names():
        given = table.table(name)
        by = _by(given)
        given.close()
        if name not in list(Activity):
            table.report(f"the activity {name!r} is unknown", one_of(name, Activity))
            continue
        for capacity in by:
            if name in personal and capacity in (Capacity.COORDINATOR, Capacity.SYSTEM):
                given.report(
                    f"it is permitted to the {capacity}", "only mentees and mentors do this themselves"
                )
        yield Activity(name), _as_meant(given, by)


def _digest(content: dict[str, Any]) -> str:
    """Of the content as it was given, without defaults: comments, layout and order of keys do not matter."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _quoted(word: str) -> str:
    return f'"{word}"'


def _fail(where: str, problems: Iterable[Problem]) -> Never:
    raise DefinitionInvalid(where, tuple(problems))
