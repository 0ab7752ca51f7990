"""The proof of a copy: the same rows at both ends, a log that holds when it is replayed, and the same read models."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from .audit import Inspectable, verify
from .readers import Readers
from .readers.letters import aside
from .readers.registry import lineup, read
from .readers.replay import made_anew
from .stores.port import Log
from .stores.transfer import Digests, Moment, Target, batches

Progress = Callable[[int, int], None]
REBUILD = "mentorcycle db rebuild, on the source"


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A read model of the source as people saw it: its digest, how far its parts had read, and what was left out."""

    name: str
    positions: tuple[int, ...]
    sha256: str
    discarded: frozenset[int]


def kept_models(log: Log) -> list[KeptModel]:
    """The read models that a store keeps and that serve; without those that wait for somebody to mend them."""
    readers = Readers(log)
    found = []
    with readers.tables.reader() as connection:
        rows = read(connection)
        for model in readers.models:
            serving = lineup(model, rows).active
            if serving is None:
                continue
            left_out = aside(connection, model.name, serving.generation)
            if not left_out.streams:
                digest = model.digest(connection, serving.generation)
                found.append(KeptModel(model.name, serving.positions, digest, left_out.events))
    return found


def compared(
    moment: Moment, taken: Digests | None, target: Target, models: list[KeptModel], progress: Progress | None
) -> tuple[Digests, list[str]]:
    """The digests of a source, and what is wrong with its copy, a sentence each: nothing when it is proved.

    `taken` are those of the source, if all of it was just read. `progress` is told of all rounds through the log.
    """
    rounds, done = 2 + (taken is None) + len(models), 0

    def told(position: int, head: int) -> None:
        if progress is not None:
            progress(done * head + position, rounds * head)

    if taken is None:
        taken = _digests(moment, told)
        done += 1
    with closing(target.moment()) as now:
        wrong = taken.differences(_digests(now, told))
    done += 1
    if isinstance(target.log, Inspectable):
        wrong += target.log.findings(quick=True)
    if wrong:
        return taken, wrong
    report = verify(target.log, progress=told)
    wrong += [f"event {one.position}: {one.what}" for one in report.findings]
    wrong += [f"{untold} findings more"] if (untold := report.found.total() - len(report.findings)) else []
    readers = Readers(target.log)
    for model in models if not wrong else ():
        done += 1
        if made_anew(readers, model.name, model.positions, model.discarded, told) != model.sha256:
            wrong.append(
                f"the read model {model.name} of the source is not what its log says; run: {REBUILD}"
            )
    return taken, wrong


def _digests(moment: Moment, progress: Progress) -> Digests:
    taken = Digests()
    for batch in batches(moment, 0):
        taken.take(batch)
        progress(batch.upto, moment.head)
    return taken
