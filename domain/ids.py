"""Names of streams and short ids: letter, dash, sixteen characters that differ from the first on.

Entropy comes from outside. Where one thing follows from another (the cycle of a pairing), its id is derived,
so that doing it twice meets the same stream.
"""

from __future__ import annotations

import re
from hashlib import sha256

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16

CYCLE, PERSON, PAIRING, PROGRAMME, BATCH = "c", "p", "q", "g", "b"
MAIN_PROGRAMME = "main"
DEFAULT_TENANT = "default"


def short_id(letter: str, entropy: bytes) -> str:
    """An id from at least ten random (or hashed) bytes."""
    number = int.from_bytes(entropy[:10], "big")
    digits = [ALPHABET[(number >> (5 * place)) & 31] for place in range(LENGTH)]
    return f"{letter}-{''.join(digits)}"


def derived_id(letter: str, *parts: str) -> str:
    """The id that always follows from these parts."""
    return short_id(letter, sha256("\x1f".join(parts).encode()).digest())


_GIVEN = re.compile(r"([a-z])-[A-Za-z0-9_.:-]{1,100}")
_PROGRAMME = re.compile(r"(?![cp]-)\w[\w.:-]{0,100}")


def is_given_id(letter: str, id: str) -> bool:
    """Whether an id that a caller gives can be one of its kind: its letter, a dash, then ASCII letters, digits, `_.:-`.

    The letter says which stream an id means, so nothing else is ever found behind it.
    """
    found = _GIVEN.fullmatch(id)
    return found is not None and found[1] == letter


def is_programme_id(id: str) -> bool:
    """Whether an id can be that of a programme: letters, digits and `_.:-`, and not like a cycle's or a person's."""
    return _PROGRAMME.fullmatch(id) is not None


def cycle_of_pairing(pairing: str, ordinal: int = 1) -> str:
    """The id of a pairing's first cycle, or of the one opened after that was cancelled."""
    return derived_id(CYCLE, "pairing", pairing, str(ordinal))


def cycle_after(cycle: str) -> str:
    """The id of the cycle that follows a completed one."""
    return derived_id(CYCLE, "after", cycle)


def person_of_roster(tenant: str, source: str, external_id: str) -> str:
    """The id of a person known to another system, so that two imports meet."""
    return derived_id(PERSON, "roster", tenant, source, external_id)


def cycle_stream(cycle: str) -> str:
    return f"cycle:{cycle}"


def person_stream(person: str) -> str:
    return f"person:{person}"


def programme_stream(programme: str) -> str:
    return f"programme:{programme}"


def subject_of(stream: str) -> str:
    """The id that a stream belongs to."""
    return stream.partition(":")[2]
