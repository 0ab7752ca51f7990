"""Which advisory locks an append takes in PostgreSQL, and in which order. What they are for is said at `hold`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from .admission import Key

_MOST = 64  # the server's memory for locks is small: 64 for each connection that it allows


@lru_cache(maxsize=16_384)
def lock_number(*names: str) -> int:
    """The number of a lock: the same in every process on every host. Two names that meet in one wait needlessly."""
    digest = blake2b("\0".join(("mentorcycle", *names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def locks(schema: str, streams: Iterable[Key], written: set[Key]) -> tuple[list[int], list[bool]]:
    """The locks for some streams, and which of them are for their holder alone.

    In the order of their numbers, so nobody waits in a circle. Whoever touches very many streams keeps the gate of
    each tenant, through which all others go, instead of every stream.
    """
    keys = list(streams)
    few = len(keys) <= _MOST
    wanted = {lock_number(schema, "gate", tenant): not few for tenant in {tenant for tenant, _ in keys}}
    if few:
        for key in keys:
            number = lock_number(schema, "stream", *key)
            wanted[number] = wanted.get(number, False) or key in written
    numbers = sorted(wanted)
    return numbers, [wanted[number] for number in numbers]
