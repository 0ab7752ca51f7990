"""What a definition must satisfy as a whole: names resolve, one way forward, no trap, nothing unmeetable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from .catalogue import CATALOGUE, EVERYBODY, PEOPLE
from .model import COMPLETED, PERSONAL, Activity, Capacity, Edge, RequirementUse, Stage, Trigger
from .problems import Problem, one_of


def check(
    where: str,
    initial: str,
    stages: Sequence[Stage],
    edges: Sequence[Edge],
    permissions: Mapping[Activity, tuple[Capacity, ...]],
) -> Iterator[Problem]:
    """Every mistake between the parts. Parts without a name were reported where they were read."""
    yield from _permitted(where, stages, permissions)
    yield from _distinct(where, stages, edges)
    if not stages or not edges:
        return
    unresolved = [*_unresolved(where, initial, stages, edges)]
    yield from unresolved
    named = [initial, *(s.name for s in stages), *chain.from_iterable((e.source, e.target) for e in edges)]
    if all(named) and not unresolved:  # otherwise one misspelt name would be blamed in many places
        yield from _ways(where, initial, stages, edges)
        yield from _unmeetable(where, initial, stages, edges)
        yield from _undoable(where, edges, permissions)


def at(where: str, number: int, edge: Edge) -> str:
    """The place of an edge, counted from 1 as in the file."""
    return f"{where}: edge {number} ({edge.source} → {edge.target})"


def _permitted(
    where: str, stages: Iterable[Stage], permissions: Mapping[Activity, tuple[Capacity, ...]]
) -> Iterator[Problem]:
    for activity in dict.fromkeys(chain.from_iterable(stage.activities for stage in stages)):
        if activity not in permissions:
            fix = f'add under [activity]: {activity} = {{ by = ["mentee", "mentor"] }}'
            yield Problem(
                f"{where}: activity", f"{activity.value!r} is accepted, but nobody may record it", fix
            )


def _distinct(where: str, stages: Iterable[Stage], edges: Iterable[Edge]) -> Iterator[Problem]:
    for name, count in Counter(stage.name for stage in stages).items():
        if name and count > 1:
            yield Problem(f"{where}: stage {name!r}", f"{count} stages have this name", "keep one")
    ways: set[tuple[str, str]] = set()
    forward: dict[str, str] = {}
    for number, edge in enumerate(edges, 1):
        place = at(where, number, edge)
        if not edge.source or not edge.target:
            continue
        if (edge.source, edge.target) in ways:
            yield Problem(place, "there is already an edge between the two", "keep one")
        elif edge.trigger is Trigger.ADVANCE:
            first = forward.setdefault(edge.source, edge.target)
            if first != edge.target:
                fix = "keep one, or give the other the trigger 'return'"
                yield Problem(place, f"{edge.source!r} already advances to {first!r}", fix)
        elif edge.target == COMPLETED:
            yield Problem(place, "a cycle does not return to its completion", "use the trigger 'advance'")
        if edge.source == edge.target:
            yield Problem(place, "it leads back to where it starts", "name another stage in 'to'")
        ways.add((edge.source, edge.target))


def _unresolved(
    where: str, initial: str, stages: Iterable[Stage], edges: Iterable[Edge]
) -> Iterator[Problem]:
    known = {stage.name for stage in stages if stage.name}
    if initial and initial not in known:
        yield Problem(f"{where}: initial", f"there is no stage {initial!r}", one_of(initial, known))
    for number, edge in enumerate(edges, 1):
        place = at(where, number, edge)
        if edge.source == COMPLETED:
            yield Problem(place, "nothing leaves a completed cycle", "remove the edge; reopening needs none")
        elif edge.source and edge.source not in known:
            yield Problem(place, f"there is no stage {edge.source!r}", one_of(edge.source, known))
        if edge.target and edge.target not in known | {COMPLETED}:
            yield Problem(
                place, f"there is no stage {edge.target!r}", one_of(edge.target, {*known, COMPLETED})
            )


def _ways(where: str, initial: str, stages: Iterable[Stage], edges: Sequence[Edge]) -> Iterator[Problem]:
    onward = [(edge.source, edge.target) for edge in edges]
    reached = _reach(initial, onward)
    ending = _reach(COMPLETED, [(target, source) for source, target in onward])
    for name in dict.fromkeys(stage.name for stage in stages):
        place = f"{where}: stage {name!r}"
        if name not in reached:
            fix = "add an edge to it, or remove the stage"
            yield Problem(place, f"it cannot be reached from {initial!r}", fix)
        if name not in ending:
            yield Problem(place, f"{COMPLETED!r} cannot be reached from it", "add an edge that leads on")


def _unmeetable(
    where: str, initial: str, stages: Iterable[Stage], edges: Sequence[Edge]
) -> Iterator[Problem]:
    accepted = {stage.name: stage.activities for stage in stages}
    for number, edge in enumerate(edges, 1):
        others = [(other.source, other.target) for other in edges if other is not edge]
        before = _reach(initial, others) - {COMPLETED}
        if edge.source not in before:
            continue  # unreachable, and blamed for that
        for use in edge.requires:
            stages_then = {edge.source} if _only_there(use) else before
            offered = set(chain.from_iterable(accepted[name] for name in stages_then))
            for activity in (need.activity for need in CATALOGUE[use.name].needs):
                if activity not in offered:
                    place = "the stage it leaves" if _only_there(use) else "no stage before it"
                    verb = "does not accept" if _only_there(use) else "accepts"
                    yield Problem(
                        f"{at(where, number, edge)}: requires {use.name!r}",
                        f"nobody could meet it: {place} {verb} {activity.value!r}",
                        f"accept {activity.value!r} in {edge.source!r}, or drop the requirement",
                    )


def _undoable(
    where: str, edges: Sequence[Edge], permissions: Mapping[Activity, tuple[Capacity, ...]]
) -> Iterator[Problem]:
    """Moves and work that are left to those who will not or may not do them."""
    told = set[tuple[Activity, tuple[Capacity, ...]]]()
    for number, edge in enumerate(edges, 1):
        if edge.trigger is Trigger.ADVANCE and edge.by and not set(edge.by) & set(PEOPLE):
            what = "only the system may take it, which advances nothing"
            yield Problem(at(where, number, edge), what, f"add {_any(PEOPLE)} to its 'by'")
        for use in edge.requires:
            for need in CATALOGUE[use.name].needs:
                permitted = permissions.get(need.activity, ())
                able = EVERYBODY if need.activity in PERSONAL else PEOPLE
                lacking, fix = _lacking(permitted, need.from_each(use.parameters), able)
                if not permitted or not lacking or (need.activity, lacking) in told:
                    continue  # nobody may at all is blamed for itself
                told.add((need.activity, lacking))
                yield Problem(
                    f"{where}: activity: {need.activity}",
                    f"edge {number} ({edge.source} → {edge.target}) requires {use.name!r}, "
                    f"and no {' or '.join(lacking)} may record {need.activity.value!r}",
                    f"add {fix} to its 'by', or drop the requirement",
                )


def _lacking(
    permitted: tuple[Capacity, ...], each: tuple[Capacity, ...], able: tuple[Capacity, ...]
) -> tuple[tuple[Capacity, ...], str]:
    """Who would have to be able to do some work and is not, and whom to add; without `each` one of the able will do."""
    if each:
        lacking = tuple(capacity for capacity in each if capacity not in permitted)
        return lacking, " and ".join(f'"{capacity}"' for capacity in lacking)
    return (() if set(permitted) & set(able) else able), _any(able)


def _any(capacities: Sequence[Capacity]) -> str:
    *others, last = (f'"{capacity}"' for capacity in capacities)
    return f"{', '.join(others)} or {last}"


def _only_there(use: RequirementUse) -> bool:
    """Whether only work of the stage that is left counts."""
    return use.parameters.get("in_stage") is True


def _reach(start: str, ways: Sequence[tuple[str, str]]) -> set[str]:
    """Everything that can be reached from `start`, itself included."""
    reached, found = set[str](), {start}
    while found:
        reached |= found
        found = {target for source, target in ways if source in found} - reached
    return reached
