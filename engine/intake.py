"""What a host hands in, before anything is done with it: declared types, aware instants, texts that can be stored.

A value that slipped through would be durable and perhaps unreadable for ever. Rules of the domain are not here:
a number may be absurd, if it is one. No message repeats a value: it may be words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from mentorcycle.domain.change import change
from mentorcycle.domain.commands import COMMANDS, Command, PublishDefinition
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.words import pair_fields

from .actors import is_no, is_short, is_text

Check = Callable[[Any], str | None]
"""Why a value cannot be taken; None when it can."""

_CHECKS: dict[type[Any], tuple[tuple[str, object, Check], ...]] = {}
_INSTANTS: dict[type[Command], tuple[str, ...]] = {}
_MOST = 2**63
_LONG: dict[type[Command], tuple[str, ...]] = {PublishDefinition: ("source",)}
"""Fields without words that hold a whole document all the same."""


def taken(command: Command) -> Command:
    """The command with its instants in UTC; raise `InvalidInput` for a field that does not hold what it declares.

    Also for what is no command: a class of one, a subclass, another record.
    """
    kind = type(command)
    if COMMANDS.get(kind.__name__) is not kind:
        fix = "give an instance of a class in mentorcycle.domain.commands"
        raise InvalidInput("this command cannot be taken", is_no(command, "one of the commands"), fix)
    if unfit := _unfit(command, kind):
        fix = "give a value of the declared type that can be stored"
        raise InvalidInput(f"{unfit[0]} of {kind.__name__} cannot be taken", unfit[1], fix)
    instants = _INSTANTS.get(kind)
    if instants is None:
        hints = get_type_hints(kind)
        instants = _INSTANTS[kind] = tuple(name for name in hints if datetime in _options(hints[name]))
    moved = {
        name: _in_utc(value, f"{name} of {kind.__name__}")
        for name in instants
        if (value := getattr(command, name)) is not None
    }
    return change(command, **moved) if moved else command


def instant(moment: object, what: str) -> datetime:
    """An aware instant in UTC; raise `InvalidInput` for one without a time zone, and for what is none."""
    if not isinstance(moment, datetime):
        fix = "give a datetime with a time zone"
        raise InvalidInput(f"{what} cannot be taken", is_no(moment, "an instant"), fix)
    if why := _is_instant(moment):
        raise InvalidInput(f"{what} cannot be taken", why, "add a time zone, for example +00:00")
    return _in_utc(moment, what)


def text(value: str | None, what: str) -> None:
    """Raise `InvalidInput` for an empty text, or one that cannot be stored."""
    if value is None:
        return
    if why := is_short(value) or (None if value else "it is empty"):
        raise InvalidInput(f"{what} cannot be taken", why, "leave it out, or give another")


def listed(commands: Iterable[Command]) -> list[Command]:
    """The commands in order; raise `InvalidInput` for one alone, or for what is no collection of them."""
    if isinstance(commands, Command | str) or not isinstance(commands, Iterable):
        raise InvalidInput(
            "these commands cannot be taken", is_no(commands, "a list of commands"), "give a list"
        )
    return list(commands)


def ids_for(commands: Sequence[Command], ids: Sequence[str] | None) -> Sequence[str | None]:
    """An id for each command, None for one that is to be made; raise `InvalidInput` when they are not as many."""
    if ids is None:
        return [None] * len(commands)
    # A text is a sequence of texts as well and would pass as ids of one letter.
    if isinstance(ids, str | bytes) or not isinstance(ids, Sequence):
        fix = "give a list with an id for each command"
        raise InvalidInput("these command ids cannot be taken", is_no(ids, "a list of texts"), fix)
    if len(ids) != len(commands):
        what = f"{len(ids)} command ids were given for {len(commands)} commands"
        raise InvalidInput(what, "each command has its own", "give as many, or none at all")
    return ids


def slices_of(size: int) -> None:
    """Raise `InvalidInput` for a number of commands that cannot be taken at once."""
    if why := _is_whole(size) or (None if size >= 1 else "it has at least one command"):
        raise InvalidInput("a slice of this size cannot be taken", why, "give a whole number from 1")


def _in_utc(moment: datetime, what: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        why = "in UTC it is before the year 1 or after the year 9999"
        raise InvalidInput(f"{what} cannot be taken", why, "give an instant between them") from None


def _unfit(command: Command, kind: type[Command]) -> tuple[str, str] | None:
    """A field that cannot be taken, and why.

    Apart from the raise: no frame in the traceback of the error has the value, which may be words, as a local.
    """
    for name, default, check in _CHECKS.get(kind) or _checks(kind):
        value = getattr(command, name)
        if value is not default and (why := check(value)) is not None:
            return name, why
    return None


def _checks(kind: type[Any]) -> tuple[tuple[str, object, Check], ...]:
    hints = get_type_hints(kind)
    long = {*pair_fields(kind), *_LONG.get(kind, ())}
    _CHECKS[kind] = tuple(
        (f.name, f.default, _check(hints[f.name], is_text if f.name in long else is_short))
        for f in fields(kind)
    )
    return _CHECKS[kind]


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _check(hint: Any, text: Check) -> Check:
    options = _options(hint)
    checks = [_one(option, text) for option in options if option is not NoneType]
    if len(checks) == 1 and len(options) == 1:
        return checks[0]
    first, *others = checks

    def check(value: Any) -> str | None:
        if value is None and NoneType in options:
            return None
        why = first(value)
        return why if why is None or all(other(value) is not None for other in others) else None

    return check


def _one(kind: Any, text: Check) -> Check:
    simple: dict[Any, Check] = {
        str: text,
        int: _is_whole,
        float: _is_number,
        datetime: _is_instant,
        date: lambda v: None if isinstance(v, date) and not isinstance(v, datetime) else is_no(v, "a date"),
    }
    if kind in simple:
        return simple[kind]
    if get_origin(kind) in (tuple, frozenset):
        return _is_collection_of(get_origin(kind), _check(get_args(kind)[0], text))
    if get_origin(kind) is Mapping:
        return _is_mapping_of(*(_check(one, text) for one in get_args(kind)))
    if hasattr(kind, "__dataclass_fields__"):
        return _is_record(kind)
    name = "yes or no" if kind is bool else f"a {kind.__name__}"
    return lambda v: None if isinstance(v, kind) else is_no(v, name)


def _is_whole(value: Any) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return is_no(value, "a whole number")
    return None if -_MOST <= value < _MOST else "it is too large to be stored"


def _is_number(value: Any) -> str | None:
    if not isinstance(value, float):
        return None if _is_whole(value) is None else is_no(value, "a number")
    return None if isfinite(value) else "it is not a finite number"


def _is_instant(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return is_no(value, "an instant")
    return None if value.utcoffset() is not None else "it has no time zone, and instants are aware"


def _is_collection_of(kind: Any, check: Check) -> Check:
    def each(value: Any) -> str | None:
        if not isinstance(value, kind):
            return is_no(value, f"a {kind.__name__}")
        return next((why for item in value if (why := check(item)) is not None), None)

    return each


def _is_mapping_of(key_check: Check, check: Check) -> Check:
    def each(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return is_no(value, "a mapping")
        whys = (key_check(key) or check(item) for key, item in value.items())
        return next((why for why in whys if why is not None), None)

    return each


def _is_record(kind: type[Any]) -> Check:
    def each(value: Any) -> str | None:
        if not isinstance(value, kind):
            return is_no(value, f"a {kind.__name__}")
        checks = _CHECKS.get(kind) or _checks(kind)
        return next((f"{n}: {why}" for n, _, check in checks if (why := check(getattr(value, n)))), None)

    return each
