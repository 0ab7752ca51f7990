"""What a demo prints: where cycles stand, one cycle's story, the state as of three dates, and a verification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.actor import Actor
from mentorcycle.engine.audit import Verification, verify_all

from .columns import Column
from .dates import said
from .errors import lines, report
from .labels import is_id
from .sides import late_by

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded
    from mentorcycle.engine import Engine
    from mentorcycle.engine.simulation.year import Year

    from .session import Session

AUDITOR = Actor.auditor("demo")


def print_all(session: Session, engine: Engine, year: Year, url: str) -> Verification:
    """Print everything, in the order in which a newcomer asks; return the verification."""
    verification = verify_all(engine.queries.readers)
    if session.out.format in ("json", "jsonl"):
        _as_record(session, engine, year, url, verification)
        return verification
    session.labels.update(engine.queries.short([year.cycle]))
    _status(session, engine, year, url)
    _story(session, engine, year)
    _refused(session, engine, year)
    _past(session, engine, year)
    _verified(session, verification)
    option = "" if url.endswith("///mentorcycle-demo.db") else f" --db {url}"
    short = session.labels[year.cycle]
    session.talk(
        f"\nnext: mentorcycle list{option} · mentorcycle show {short}{option} · mentorcycle audit verify{option}"
    )
    return verification


def _status(session: Session, engine: Engine, year: Year, url: str) -> None:
    counts = engine.queries.counts(AUDITOR)
    title = (
        f"{engine.programme().name} · {year.people} people, {year.pairings} pairings, {year.cycles} cycles"
    )
    columns = [Column("stage"), Column("status"), Column("cycles", right=True)]
    rows = [(count.stage, count.status.value, count.cycles) for count in counts]
    footer = f"{year.events} events in {url}; {year.refused} commands were refused, and wrote nothing"
    session.out.rows("demo-status/1", columns, rows, title=title, footer=footer)


def _story(session: Session, engine: Engine, year: Year) -> None:
    names = engine.queries.names({m.person for m in engine.cycle(year.cycle, AUDITOR).members})
    columns = [Column("day"), Column("what"), Column("by"), Column("detail")]
    events = engine.history(year.cycle, AUDITOR)
    zone = engine.programme()
    rows = [
        (
            said(zone.day(r.occurred_at)),
            r.event.event_name,
            names.get(r.actor.id, r.actor.role.value),
            _detail(r),
        )
        for r in events
    ]
    title = f"\nThe story of {session.labels[year.cycle]} · {' / '.join(names.values())}"
    footer = "the words are for the pair alone: an auditor sees that something happened, when, and by whom"
    session.out.rows("demo-story/1", columns, rows, title=title, footer=footer)


def _detail(recorded: Recorded[Any]) -> str:
    event = recorded.event
    for fields, template in _DETAILS.items():
        if all(getattr(event, name, None) not in (None, 0) for name in fields):
            return template.format(**{name: _shown(name, getattr(event, name)) for name in fields})
    return ""


_DETAILS: Mapping[tuple[str, ...], str] = {
    ("source", "target", "late_by"): "{source} → {target}, {late_by}",
    ("source", "target", "definition_version"): "{source} → {target}",
    ("minutes", "late_by"): "{minutes} minutes, {late_by}",
    ("minutes",): "{minutes} minutes",
    ("reason",): "{reason}",
    ("assessment",): "{assessment}",
    ("value", "on"): "{value} on {on}",
    ("unit", "target"): "target {target} {unit}",
}


def _shown(name: str, value: Any) -> str:
    return late_by(value) if name == "late_by" else str(getattr(value, "value", value))


def _refused(session: Session, engine: Engine, year: Year) -> None:
    ids = {str(fact) for refusal in year.example.refusals for fact in refusal.facts.values()}
    session.labels.update(engine.queries.short(id for id in ids if is_id(id)))
    session.talk("\nAn advance that was refused, with every reason at once:")
    for line in lines(report(year.example), labels=session.labels):
        session.talk(line)


def _past(session: Session, engine: Engine, year: Year) -> None:
    columns = [
        Column("as_of", title="as of"),
        Column("open", right=True),
        Column("completed", right=True),
        Column("cancelled", right=True),
        Column("cycle", title="the story's cycle"),
        Column("after"),
    ]
    rows = []
    for moment in year.moments:
        counts: dict[str, int] = {}
        for count in engine.queries.counts(AUDITOR, at=moment.at):
            counts[count.status.value] = counts.get(count.status.value, 0) + count.cycles
        then = engine.queries.cycle(year.cycle, AUDITOR, at=moment.at)
        rows.append(
            (
                said(engine.programme().day(moment.at)),
                counts.get("active", 0) + counts.get("paused", 0),
                counts.get("completed", 0),
                counts.get("cancelled", 0),
                f"{then.stage}, {then.status.value}",
                moment.why,
            )
        )
    session.out.rows("demo-past/1", columns, rows, title="\nThe programme as of three dates, end of day")


def _verified(session: Session, verification: Verification) -> None:
    session.talk("")
    session.out.text("\n".join(_verdict(verification)))


def _verdict(verification: Verification) -> Iterable[str]:
    if not verification.holds:
        yield from (f"✗ {finding.check}: {finding.what}" for finding in verification.findings)
        return
    yield f"verified: {verification.events} events, {verification.cycles} cycles"
    yield f" ✓ positions 1–{verification.head} without gaps, every move an edge of its definition"
    yield f" ✓ {verification.words} texts match what the log committed to"
    yield f" ✓ {len(verification.models)} read models equal a replay, row for row"
    yield from (f" – not proved: {what}" for what in verification.not_proved)


def _as_record(session: Session, engine: Engine, year: Year, url: str, verification: Verification) -> None:
    row = {
        "store": url,
        "people": year.people,
        "pairings": year.pairings,
        "cycles": year.cycles,
        "events": year.events,
        "refused": year.refused,
        "refusals": dict(year.refusals),
        "counts": [
            {"stage": c.stage, "status": c.status.value, "cycles": c.cycles}
            for c in engine.queries.counts(AUDITOR)
        ],
        "story": year.cycle,
        "moments": [moment.at for moment in year.moments],
        "verified": verification.holds,
    }
    session.out.record("demo/1", [Column(key) for key in row], row)
