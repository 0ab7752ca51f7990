"""Which pair comes through which side path: given out once, in August, so that every one of them occurs.

How each goes is told in `side_paths`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random

from mentorcycle.domain.vocabulary import CancelReason, ExtendGround, PauseReason

from . import side_paths as paths
from .agenda import Later, Story
from .desk import OFFICE
from .pair import BRISK, SLOW, STEADY, STUCK, Pair, Temperament

Path = Callable[[Pair], Story]


def of(pairs: Sequence[Pair], people: Sequence[str], rng: Random) -> Iterator[tuple[Story, Later]]:
    """The side paths of these pairs and when they begin; each pair of two gets one at most."""
    free = [pair for pair in pairs if pair.plain]
    rng.shuffle(free)
    story = _take(free, SLOW)
    story.always_late = True
    yield paths.paused_then_rematched(story, people), Later(3)
    alone = next(p for p in free if _mentors_alone(p) and p.temperament is not STUCK)
    free.remove(alone)
    yield paths.mentor_leaves(alone, people, 70), Later(30)
    for path, earliest, latest, temperaments in _given(people, rng):
        pair = _take(free, *temperaments)
        yield path(pair), Later(rng.randint(earliest, latest))
    for requirement in ("baseline", "baseline", "baseline", "debrief", "debrief"):
        _take(free, BRISK, STEADY, SLOW).waives = requirement


def _given(people: Sequence[str], rng: Random) -> Iterator[tuple[Path, int, int, tuple[Temperament, ...]]]:
    """Each path, between which school days of the year it begins, and for whom."""
    most, tardy = (BRISK, STEADY, SLOW), (SLOW, STUCK, STEADY)
    for why in PauseReason:
        yield partial(paths.paused, days=rng.randint(6, 25), reason=why), 15, 130, most
    yield partial(paths.paused, days=200, reason=PauseReason.LEAVE), 140, 150, (BRISK,)
    for apart in (False, True, False):
        yield partial(paths.rematched, people=people, apart=apart), 10, 110, most
    yield partial(paths.rematched, people=people, stages=("goal-set",)), 4, 8, most
    for reason in (CancelReason.LEFT_SCHOOL, CancelReason.WITHDREW, CancelReason.CHANGED_ROLE):
        yield partial(paths.cancelled, reason=reason), 20, 100, tardy
    yield paths.cancelled_by_mistake, 6, 6, most
    yield paths.reopened, 10, 10, (BRISK,)
    for ground in ExtendGround:
        yield partial(paths.extended, ground=ground), 10, 60, tardy
    for _ in range(6):
        yield paths.corrected, 20, 80, most
    for _ in range(2):
        yield paths.undone, 20, 80, most


def _take(free: list[Pair], *temperaments: Temperament) -> Pair:
    """The first free pair of one of these temperaments, or whichever comes first."""
    pair = next((pair for pair in free if pair.temperament in temperaments), free[0])
    free.remove(pair)
    return pair


def _mentors_alone(pair: Pair) -> bool:
    """Whether the mentor has no other pairing."""
    engine = pair.desk.engine
    pairing = engine.person(pair.mentee, OFFICE).pairing_as_mentee
    mentors = [p.person for p in pairing.participants if p.mentor] if pairing else []
    return all(len(engine.person(mentor, OFFICE).pairings) == 1 for mentor in mentors)
