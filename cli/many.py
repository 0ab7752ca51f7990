"""Many commands at once: every one gets a line with its result, and the exit code tells the whole from a part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.errors import Ambiguous, Conflict, MentorcycleError, NotFound
from mentorcycle.domain.refusal import Refusal, Refused

from .columns import Column
from .exits import ExitCode, ending
from .labels import ids_in, shortened
from .paste import fixes_for, remedies
from .progress import progress

if TYPE_CHECKING:
    from mentorcycle.domain.commands import Command
    from mentorcycle.engine.receipt import Receipt

    from .store import WritingPlace

RESULTS = "results/1"
CHUNK = 50
"""Commands in one commit: small enough for a bar that moves and an interruption that comes soon."""
GOOD = frozenset({"done", "already-so", "dry-run", "merged"})
_SAID = {"stays": "stay", "conflict": "in conflict", "merged": "merged and not changed"}
_COLOURS = {"done": "green", "dry-run": "green", "already-so": "dim", "not-ready": "dim", "merged": "dim"}


@dataclass(slots=True)
class Line:
    """One thing that was asked for and what became of it; without a `command` it is settled from the start.

    `outcome` is `done`, `already-so`, `dry-run`, `refused`, `not-permitted`, `conflict`, `not-found`, `ambiguous`,
    `failed`, `not-ready`, `stays`, `merged` or `not-done`. `more` are fields of this kind of line, `note` says why
    there is nothing to do.
    """

    id: str
    name: str = ""
    command: Command | None = None
    outcome: str = "not-done"
    refusals: tuple[Refusal, ...] = ()
    error: MentorcycleError | None = None
    receipt: Receipt | None = None
    more: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def why(self) -> str:
        if self.note:
            return self.note
        if self.error is not None:
            return ". ".join(part for part in (self.error.what, self.error.why) if part)
        return "; ".join(refusal.why for refusal in self.refusals)

    @property
    def fix(self) -> list[str]:
        if self.error is not None:
            return [*fixes_for(self.error)]
        return list(dict.fromkeys(fix for refusal in self.refusals for fix in remedies(refusal)))

    def fail(self, error: MentorcycleError) -> None:
        """It could not be decided or written."""
        kinds = ((Conflict, "conflict"), (NotFound, "not-found"), (Ambiguous, "ambiguous"))
        self.error = error
        self.outcome = next((name for kind, name in kinds if isinstance(error, kind)), "failed")

    def refuse(self, refused: Refused, outcome: str = "") -> None:
        """It was refused, for these reasons."""
        self.refusals = refused.refusals
        self.outcome = outcome or ("not-permitted" if refused.not_permitted else "refused")


@dataclass(slots=True)
class Run:
    """What became of all of them."""

    batch: str
    lines: Sequence[Line]
    interrupted: bool = False

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.outcome for line in self.lines)

    @property
    def good(self) -> int:
        return sum(line.outcome in GOOD for line in self.lines)

    @property
    def ending(self) -> ExitCode:
        """0 when all is so, 6 when a part is, else what kept all of them."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        asked = [line for line in self.lines if line.outcome != "not-ready"] or self.lines
        bad = [line for line in asked if line.outcome not in GOOD]
        if not bad:
            return ExitCode.DONE
        if len(bad) < len(asked):
            return ExitCode.PARTIAL
        codes = {ending(line.error or Refused(line.refusals)) for line in bad}
        return codes.pop() if len(codes) == 1 else ExitCode.REFUSED


def run(
    place: WritingPlace,
    lines: Sequence[Line],
    doing: str,
    *,
    at: datetime | None = None,
    dry_run: bool = False,
    chunk: int = CHUNK,
    batch: str | None = None,
) -> Run:
    """Have every line's command done, a chunk of them in each commit; Ctrl-C keeps what was written and tells it."""
    open_ = [line for line in lines if line.command is not None]
    for line in open_:  # they may have been rehearsed, and an interruption must not leave that as a result
        line.outcome, line.refusals, line.error = "not-done", (), None
    done = Run(batch or "", lines)

    def each() -> Iterator[Line]:
        for start in range(0, len(open_), chunk):
            part = open_[start : start + chunk]
            answer = place.engine.execute_many(
                [line.command for line in part if line.command is not None],
                place.actor,
                batch=done.batch or None,
                occurred_at=at,
                dry_run=dry_run,
            )
            done.batch = answer.id
            for line, result in zip(part, answer.results, strict=True):
                _settle(line, result, dry_run=dry_run)
            if written := done.counts["done"]:
                place.session.recorded = f"{written} of {len(lines)} done · batch {done.batch}"
            yield from part

    try:
        for _ in progress(each(), len(open_), doing, quiet=place.session.quiet):
            pass
    except KeyboardInterrupt:
        done.interrupted = True
    return done


def rehearse(place: WritingPlace, lines: Sequence[Line]) -> Run:
    """Decide all of them together, so that what earlier ones would do counts for later ones; write nothing."""
    rehearsed = run(place, lines, "checking", dry_run=True, chunk=max(len(lines), 1))
    if rehearsed.interrupted:
        raise KeyboardInterrupt
    return rehearsed


def _settle(line: Line, result: Any, *, dry_run: bool) -> None:
    if isinstance(result, Refused):
        line.refuse(result)
    elif (error := getattr(result, "error", None)) is not None:
        line.fail(error)
    else:
        line.receipt = result
        line.outcome = "already-so" if result.already_so else "dry-run" if dry_run else "done"


def report(
    place: WritingPlace,
    run: Run,
    more: Sequence[Column],
    said: str,
    *,
    dry_run: bool,
    undo: bool = False,
    empty: str = "",
    fixes: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> ExitCode:
    """Write a row for each line and what they come to (`said` as in “advanced”); return the exit code.

    `empty` is said when there is no line; with `fixes` a table too says what to do; `facts` stand beside the rows
    in JSON.
    """
    session = place.session
    shown = [column.key for column in more]
    texts = (
        text
        for line in run.lines
        for text in (line.id, line.why, *line.fix, *(str(line.more.get(key)) for key in shown))
    )
    batch = run.batch if run.counts["done"] else None
    wanted = dict.fromkeys([*(id for text in texts for id in ids_in(text)), *([batch] if batch else [])])
    try:
        labels = place.labels(wanted)
    except (
        KeyboardInterrupt
    ):  # read models may have much to catch up with, and what was written has to be told
        labels, run.interrupted = {}, True

    def short(value: Any) -> str:
        return shortened(" · ".join(value) if isinstance(value, list) else str(value or ""), labels)

    columns = [
        Column("id", keep=True, human=short),
        Column("name"),
        *(replace(column, human=column.human or short) for column in more),
        Column("outcome", "result", keep=True, colour=lambda outcome: _COLOURS.get(outcome, "yellow")),
        Column("codes", in_table=False),
        Column("why", human=short),
        Column("fix", title="what to do", human=short, in_table=fixes),
    ]
    rows = [
        {
            "id": line.id,
            "name": line.name,
            **{key: line.more.get(key) for key in shown},
            "outcome": line.outcome,
            "codes": [refusal.code for refusal in line.refusals],
            "why": line.why,
            "fix": [*map(session.completed, line.fix)],
        }
        for line in run.lines
    ]
    summary = _summary(run, said, short(batch), dry_run=dry_run, undo=undo)
    if batch:
        session.recorded = summary.replace("\n", " · ")
    session.out.rows(
        RESULTS,
        columns,
        rows,
        footer=summary if rows or not empty else "",
        empty=empty,
        facts={
            "batch": batch,
            "dry_run": dry_run,
            "total": len(rows),
            "counts": dict(run.counts),
            **(facts or {}),
        },
    )
    return run.ending


def _summary(run: Run, said: str, batch: str, *, dry_run: bool, undo: bool) -> str:
    """`41 of 50 advanced, 2 already so, 7 refused · batch b-7f3k`."""
    counts, total = run.counts, len(run.lines)
    would = "would be " if dry_run else ""
    parts = [f"{counts['dry-run'] if dry_run else counts['done']} of {total} {would}{said}"]
    parts += [
        f"{number} {_SAID.get(outcome, outcome.replace('-', ' '))}"
        for outcome, number in sorted(counts.items())
        if outcome not in ("done", "dry-run")
    ]
    text = ", ".join(parts) + (f" · batch {batch}" if batch else "")
    if run.interrupted:
        text += "\ninterrupted: what is not marked done was not written"
    if undo and batch:
        text += f"\nundo: mentorcycle batch undo {batch}"
    return text
