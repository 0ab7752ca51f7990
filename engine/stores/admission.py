"""Which slices of a batch a log takes: the one place where command ids and expected versions are judged.

Pure: a store fetches what it knows, asks here, and writes what comes out. Not for rules of the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mentorcycle.domain.errors import CommandReused, Conflict

from .port import Appended, KnownCommand, Slice

Outcome: TypeAlias = Appended | Conflict | CommandReused
EventTuple: TypeAlias = tuple[int, str, str, int, str, int, bytes]  # the columns of the log
CommandTuple: TypeAlias = tuple[str, str, bytes, int, int, int]
WordsTuple: TypeAlias = tuple[int, str, bytes, bytes, str]  # the first is the position of their event
Key: TypeAlias = tuple[str, str]  # tenant and stream, or tenant and command id
Request: TypeAlias = tuple[Slice, dict[str, int]]  # a slice and its expectations


@dataclass(slots=True)
class Admitted:
    """An outcome for each slice, and the rows to write for those that were taken."""

    outcomes: list[Outcome] = field(default_factory=list)
    events: list[EventTuple] = field(default_factory=list)
    commands: list[CommandTuple] = field(default_factory=list)
    words: list[WordsTuple] = field(default_factory=list, repr=False)


def expectations(slice_: Slice) -> dict[str, int]:
    """The version every stream of a slice must have; ValueError if the slice contradicts itself.

    A stream that gets events without being named in `expected` must stand just before the first of them.
    """
    slice_.command_id.encode()  # text that no store can keep fails here, before it has commit mates
    wanted = dict(slice_.expected)
    reached: dict[str, int] = {}
    for event in slice_.events:
        stream, version = event.stream, event.version
        before = reached.get(stream)
        if before is None:
            before = wanted.setdefault(stream, version - 1)
        if version != before + 1:
            raise ValueError(f"{stream} is at {before} in this slice, its next event cannot be {version}")
        reached[stream] = version
    if slice_.words:
        events = {(event.stream, event.version) for event in slice_.events}
        fields = {(words.stream, words.version, words.field) for words in slice_.words}
        if len(fields) != len(slice_.words) or not {key[:2] for key in fields} <= events:
            raise ValueError("words must belong to one field each of an event of the same slice")
        for words in slice_.words:
            words.text.encode()
    return wanted


def admit(
    requests: Sequence[Request],
    known: dict[Key, KnownCommand],
    versions: dict[Key, int],
    last: int,
    recorded_at: int,
    incarnation: str = "",
) -> Admitted:
    """Judge slices in order, each seeing those taken before it; `known` and `versions` are kept up to date.

    `last` is the highest position ever given, `incarnation` that of the log.
    """
    admitted = Admitted()
    outcomes, events, commands = admitted.outcomes, admitted.events, admitted.commands
    untaken: set[Key] = set()  # not written now, so nothing can be built on them
    for slice_, expected in requests:
        tenant = slice_.tenant
        key = (tenant, slice_.command_id)
        before = known.get(key)
        if before is not None:
            outcomes.append(_again(slice_, before))
            untaken.add(key)
            continue
        other = slice_.incarnation is not None and slice_.incarnation != incarnation
        if other or (slice_.after and not untaken.isdisjoint((tenant, id_) for id_ in slice_.after)):
            stream, version = next(iter(expected.items()), (slice_.command_id, 0))
            outcomes.append(Conflict(stream, version, versions.get((tenant, stream), 0)))
            untaken.add(key)
            continue
        for stream, version in expected.items():
            actual = versions.get((tenant, stream), 0)
            if actual != version:
                outcomes.append(Conflict(stream, version, actual))
                untaken.add(key)
                break
        else:
            first = last + 1
            for event in slice_.events:
                last += 1
                events.append(
                    (last, tenant, event.stream, event.version, event.topic, recorded_at, event.state)
                )
                versions[tenant, event.stream] = event.version
            stored = known[key] = KnownCommand(slice_.content_hash, first, last, recorded_at)
            commands.append(key + stored)
            if slice_.words:
                at = {(event.stream, event.version): first + n for n, event in enumerate(slice_.events)}
                admitted.words.extend(
                    (at[w.stream, w.version], w.field, w.commitment, w.salt, w.text) for w in slice_.words
                )
            outcomes.append(Appended(first, last, recorded_at))
    return admitted


def _again(slice_: Slice, before: KnownCommand) -> Outcome:
    if slice_.content_hash != before.content_hash:
        return CommandReused(slice_.command_id)
    return Appended(before.first, before.last, before.recorded_at, repeated=True)
