"""What a person typed, as the id it stands for: an id, the beginning of one, `@last`, or words of a name.

Pure: candidates come from outside. Ids look like `c-7f3k9m2dq4xw8a1b`; people see and type their beginnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mentorcycle.domain.errors import Ambiguous, NotFound
from mentorcycle.projections.folding import folded, words_of

LAST = "@last"
SHORTEST = 4
"""Characters after the letter that a short id has at least, as in git."""

_ID_LIKE = re.compile(rf"(?:([a-z])-)?([0-9a-z]{{{SHORTEST},}})")
_MISREAD = str.maketrans("ilo", "110")  # letters that ids do not use, for the digits they are taken for


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be meant. `other_names` count too: of a cycle, its people."""

    id: str
    name: str
    other_names: tuple[str, ...] = ()


def resolve(text: str, candidates: Iterable[Candidate], kind: str, *, last: str | None = None) -> Candidate:
    """The one candidate that is meant; raise `NotFound` or `Ambiguous`.

    An exact id wins, then an exact name; otherwise the beginning of an id and the words of a name count alike.
    """
    typed, everyone = text.strip(), list(candidates)
    if typed == LAST:
        return _last(everyone, kind, last)
    for found in (
        [candidate for candidate in everyone if candidate.id == typed.lower()],
        [candidate for candidate in everyone if folded(typed) in map(folded, _names(candidate))],
        [candidate for candidate in everyone if _begins(candidate.id, typed) or _named(candidate, typed)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            labels = short(candidate.id for candidate in everyone)
            raise Ambiguous(kind, typed, tuple(f"{labels[one.id]} {one.name}".strip() for one in found))
    raise NotFound(kind, typed, _meant(typed, everyone))


def short(ids: Iterable[str]) -> dict[str, str]:
    """Each id with its shortest beginning that no other id of that letter shares."""
    ordered = sorted(set(ids))
    shared = [0, *map(_shared, ordered, ordered[1:]), 0]
    shortest = len("c-") + SHORTEST
    return {
        id_: id_[: max(shortest, 1 + max(before, after))]
        for id_, before, after in zip(ordered, shared, shared[1:], strict=False)
    }


def _last(everyone: Sequence[Candidate], kind: str, last: str | None) -> Candidate:
    for candidate in everyone:
        if candidate.id == last:
            return candidate
    raise NotFound(kind, LAST, f"no {kind} was used here yet: name it by id or by name")


def _names(candidate: Candidate) -> tuple[str, ...]:
    return tuple(filter(None, (candidate.name, *candidate.other_names)))


def _begins(id_: str, typed: str) -> bool:
    found = _ID_LIKE.fullmatch(typed.lower())
    if found is None or (found[1] and not id_.startswith(f"{found[1]}-")):
        return False
    return id_.partition("-")[2].startswith(found[2].translate(_MISREAD))


def _named(candidate: Candidate, typed: str) -> bool:
    words = words_of(typed)
    return bool(words) and any(_all_begin(words, words_of(name)) for name in _names(candidate))


def _all_begin(words: Sequence[str], name: Sequence[str]) -> bool:
    return all(any(part.startswith(word) for part in name) for word in words)


def _shared(one: str, other: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _meant(typed: str, everyone: Sequence[Candidate]) -> str:
    from difflib import get_close_matches

    owners = {folded(name): (candidate, name) for candidate in everyone for name in _names(candidate)}
    close = get_close_matches(folded(typed), owners, n=3)
    labels = short(candidate.id for candidate in everyone)
    meant = [f"{owners[name][1]} ({labels[owners[name][0].id]})" for name in close]
    return f"did you mean {' or '.join(meant)}?" if meant else ""
