"""The page of a cycle for people: lines of text in the order in which they are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.vocabulary import Status

from .dates import said
from .labels import ids_in, shortened
from .sides import counted, people_of, short_day
from .text import pad, width

if TYPE_CHECKING:
    from mentorcycle.domain.cycle.state import Goal, Observation
    from mentorcycle.domain.cycle.visits import Visit
    from mentorcycle.engine.overview import Note, Overview

    from .store import Place

_REASONLESS = "asked for another partner"


def lines(place: Place, seen: Overview, moment: str, missing: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Header, moment, stages, what is missing, goals, observations, what else there is, words."""
    yield _header(place, seen)
    yield moment
    yield f" {_path(seen)}"
    yield from _stages(seen)
    yield from _side_paths(place, seen)
    yield from _section(_leaving(seen), _needs(place, missing))
    yield from _section("goals", ((goal.id, _goal(seen, goal)) for goal in seen.cycle.goals))
    yield from _section("observations", ((o.id, _observation(seen, o)) for o in seen.cycle.observations))
    yield from _section("action steps", _steps(seen))
    yield from _section("so far", _so_far(seen))
    yield from _words(seen)


def _header(place: Place, seen: Overview) -> str:
    cycle = seen.cycle
    schools = _schools(place, cycle.mentees)
    parts = [people_of(cycle, seen.names), *schools, str(cycle.definition)]
    return f"{place.label(cycle.id)}  {' · '.join(parts)}"


def _schools(place: Place, people: Sequence[str]) -> list[str]:
    found = place.queries.schools(people)
    return list(dict.fromkeys(school for school in found.values() if school))


def _path(seen: Overview) -> str:
    """`goal-set ─✓─ OBSERVE ─── debrief`: a tick behind each stage that is done."""
    cycle, names = seen.cycle, [stage.name for stage in seen.definition.stages]
    here = names.index(cycle.stage) if cycle.stage in names else 0
    done = len(names) if cycle.status is Status.COMPLETED else here
    path = ""
    for number, name in enumerate(names):
        current = number == here and cycle.status in (Status.ACTIVE, Status.PAUSED)
        last = number == len(names) - 1
        link = " ─✓─ " if number < done and not last else " ✓" if number < done else "" if last else " ─── "
        path += (name.upper() if current else name) + link
    return path


def _stages(seen: Overview) -> Iterator[str]:
    rows = [_visit(seen, visit) for visit in seen.visits]
    widths = [max((width(row[place]) for row in rows), default=0) for place in range(4)]
    for stage, days, used, more in rows:
        row = (pad(stage, widths[0]), pad(days, widths[1]), pad(used, widths[2], right=True), more)
        yield f" {'  '.join(row)}".rstrip()
    if seen.cycle.status is not Status.ACTIVE:
        yield f" {seen.cycle.status.value}{_since_when(seen)}"


def _visit(seen: Overview, visit: Visit) -> tuple[str, str, str, str]:
    begun, ended = short_day(visit.since, seen.day), short_day(visit.until, seen.day)
    notes = [f"{visit.late_by} late"] if visit.late_by else []
    if visit.until is None and seen.cycle.status is Status.ACTIVE:
        if not visit.late_by:
            notes.append(f"due {short_day(visit.due, seen.day)}")
        names = [seen.names.get(person, person) for person in seen.who]
        notes.append(f"waiting on {', '.join(names)}" if names else "ready to advance")
    used = f"{visit.elapsed} of {counted(visit.budget, 'school day')}"
    return visit.stage, f"{begun} → {ended}".rstrip(), used, " · ".join(notes)


def _since_when(seen: Overview) -> str:
    cycle = seen.cycle
    match cycle.status:
        case Status.PAUSED if cycle.paused_since:
            return f" since {_day(seen, cycle.paused_since)}: nothing is due"
        case Status.COMPLETED:
            return f" {_day(seen, cycle.since)}"
    return ""


def _side_paths(place: Place, seen: Overview) -> Iterator[str]:
    cycle = seen.cycle
    pauses = [f"{_day(seen, p.start)} to {_day(seen, p.end)}" for p in cycle.pauses if p.end is not None]
    if pauses:
        yield f" was paused {', '.join(pauses)}"
    for member in cycle.members:
        if member.left is not None:
            yield f" {seen.names.get(member.person, member.person)} left it {_day(seen, member.left)}"
    for person in cycle.rematch_asked:
        yield f" {seen.names.get(person, person)} {_REASONLESS}"
    if cycle.follows:
        yield f" follows {place.label(cycle.follows)}"
    if cycle.next_cycle:
        yield f" goes on in {place.label(cycle.next_cycle)}"


def _leaving(seen: Overview) -> str:
    edge = seen.definition.forward(seen.cycle.stage)
    return f"missing for {edge.target}" if edge else "missing"


def _needs(place: Place, missing: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    labels = place.labels(dict.fromkeys(id for one in missing for id in ids_in(one["fix"])))
    for one in missing:
        yield one["why"], shortened(one["fix"], labels)


def _goal(seen: Overview, goal: Goal) -> str:
    parts = [goal.area.value]
    if goal.target is not None:
        unit = goal.unit.value if goal.unit else ""
        direction = goal.direction.value if goal.direction else "reach"
        parts.append(f"{direction} to {goal.target:g} {unit}".rstrip())
    if not goal.measured:
        parts.append("no measure")
    if goal.due:
        parts.append(f"due {short_day(goal.due, seen.day)}")
    if goal.baseline:
        parts.append(f"baseline {goal.baseline.value:g} on {short_day(goal.baseline.on, seen.day)}")
    agreed = [seen.names.get(person, person) for person in goal.agreed]
    parts.append(f"agreed by {' and '.join(agreed)}" if agreed else "not agreed")
    if goal.outcome:
        value = "" if goal.outcome.value is None else f" with {goal.outcome.value:g}"
        some = "" if goal.outcome.met is None else f" ({goal.outcome.met} of {goal.outcome.assessed})"
        parts.append(f"{goal.outcome.assessment.value}{value}{some}")
    return " · ".join(parts)


def _observation(seen: Overview, one: Observation) -> str:
    who = f"{seen.names.get(one.observer, one.observer)} sees {seen.names.get(one.observed, one.observed)}"
    parts = [who]
    if one.completion is not None:
        done = one.completion
        parts += [f"{_day(seen, done.start)}, {done.minutes} min, {done.mode.value}"]
        parts += [] if done.focus_first else ["no focus agreed before it"]
        if one.debrief is None:
            parts.append("not debriefed")
        else:
            late = f", {one.debrief.late_by} late" if one.debrief.late_by else ""
            parts.append(f"debriefed {_day(seen, one.debrief.held)}, {one.debrief.minutes} min{late}")
    elif one.cancelled:
        parts.append("cancelled")
    elif one.scheduled is not None:
        parts.append(f"scheduled for {_day(seen, one.scheduled)}")
    else:
        parts.append("focus agreed" if one.focus else "no focus agreed")
    return " · ".join(parts)


def _steps(seen: Overview) -> Iterator[tuple[str, str]]:
    for step in seen.cycle.steps:
        back = f", check back {short_day(step.check_back, seen.day)}" if step.check_back else ""
        state = step.outcome.value if step.outcome else "open"
        yield step.id, f"{seen.names.get(step.owner, step.owner)}{back} · {state}"


def _so_far(seen: Overview) -> Iterator[tuple[str, str]]:
    cycle, minutes = seen.cycle, {kind: n for kind, n in seen.minutes.items() if n}
    if minutes:
        total = sum(minutes.values())
        hours, rest = divmod(total, 60)
        parts = ", ".join(f"{kind} {number} min" for kind, number in minutes.items())
        yield "hours", f"{hours} h {rest:02} min: {parts}"
    if cycle.reflections:
        written = " and ".join(seen.names.get(person, person) for person in cycle.reflections)
        yield "reflections", f"of {written}"
    if cycle.celebrations:
        audiences = ", ".join(f"{one.size.value} for {one.audience.value}" for one in cycle.celebrations)
        yield "celebrations", f"{len(cycle.celebrations)}: {audiences}"


def _words(seen: Overview) -> Iterator[str]:
    if seen.notes:
        yield "words"
    for note in seen.notes:
        yield f"  {_note(seen, note)}"


def _note(seen: Overview, note: Note) -> str:
    who = seen.names.get(note.by, note.by)
    field = note.field.replace("_", " ")
    return f"{_day(seen, note.occurred_at)}  {who}, {field}: {' '.join(note.text.split())}"


def _section(title: str, rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    """A title and its rows; nothing at all for no rows."""
    found = list(rows)
    margin = max((width(name) for name, _ in found), default=0)
    if found:
        yield title
    for name, text in found:
        yield f"  {pad(name, margin)}  {text}".rstrip()


def _day(seen: Overview, moment: datetime | date | None) -> str:
    """The day of an instant where the programme is."""
    if isinstance(moment, datetime):
        return short_day(seen.programme.day(moment), seen.day) or said(seen.programme.day(moment))
    return short_day(moment, seen.day)
