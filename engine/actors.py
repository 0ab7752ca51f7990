"""Whoever a host says is acting, before anything is decided or shown: an actor, with every field as it declares it.

For reads as for writes: a role that is a mere text is none of the roles that rules know. It loads nothing of commands,
whose checks are the intake's.
"""

from __future__ import annotations

from typing import Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.vocabulary import Known, Role

MOST_BYTES = 2048
"""Bytes of an id, a name or the like: lists are sorted by them, and an index keeps no long text in every store."""
_SHORT = MOST_BYTES // 4  # a character has at most four
_TOO_LONG = f"it is longer than {MOST_BYTES} bytes"


def check_actor(actor: object) -> None:
    """Raise `InvalidInput` for what is no actor, or one that cannot be stored."""
    why = _why_not(actor) if isinstance(actor, Actor) else is_no(actor, "a Actor")
    if why:
        fix = "give an Actor, for example Actor.participant(person)"
        raise InvalidInput("this actor cannot be taken", why, fix)


def is_no(value: object, wanted: str) -> str:
    """Why a value is not what it should be, without telling it."""
    return f"it is a {type(value).__name__}, not {wanted}"


def is_text(value: Any) -> str | None:
    """Why a value is no text that can be stored; None when it is one."""
    if not isinstance(value, str):
        return is_no(value, "a text")
    if value.isascii():
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return "it holds half a character, as files and terminals in another encoding leave behind"
    return None


def is_short(value: Any) -> str | None:
    """Why a value is no id, name or the like; None when it is one."""
    if why := is_text(value):
        return why
    return None if len(value) <= _SHORT or len(value.encode()) <= MOST_BYTES else _TOO_LONG


def _why_not(actor: Actor) -> str | None:
    if why := is_short(actor.id) or (None if actor.id else "it is empty"):
        return f"id: {why}"
    if not isinstance(actor.role, Role):
        return f"role: {is_no(actor.role, 'a Role')}"
    if not isinstance(actor.known, Known):
        return f"known: {is_no(actor.known, 'a Known')}"
    if actor.programme is not None and (why := is_short(actor.programme)):
        return f"programme: {why}"
    if not isinstance(actor.also, frozenset):
        return f"also: {is_no(actor.also, 'a frozenset')}"
    return next((f"also: {why}" for id in actor.also if (why := is_text(id))), None)
