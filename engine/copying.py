"""A log moves into a store of another kind, or of the same: everything is copied, verified, and only then used.

Started again after whatever ended it, it goes on where it stopped; and what the source gained after a copy was
finished is brought after it, as long as nobody has written to the target.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain

from mentorcycle.domain.errors import InvalidInput, UnknownStore, VerificationFailed

from .audit import Inspectable, verify
from .copy_proof import compared, kept_models
from .stores.mark import Mark
from .stores.port import Log
from .stores.transfer import BATCH, Batch, Digests, Moment, State, Target, batches, founded
from .url import (
    is_postgres,
    is_there,
    moment_of,
    name_of,
    open_reader,
    open_target,
    sqlite_path,
    without_password,
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was verified. `resumed_at` is where this run went on, `gained` what the source has got since.

    `sha256` is of all rows in order: the same for every copy of a log, in whatever kind of store. `models` are the
    read models of the source that were compared. `already` says that there was nothing left to copy.
    """

    source: str
    target: str
    events: int
    commands: int
    words: int
    discarded: int
    sha256: str
    models: tuple[str, ...]
    resumed_at: int = 0
    gained: int = 0
    already: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a copy would begin with: a source that was verified, and a target that may be missing yet (`makes`)."""

    source: str
    target: str
    events: int
    resumed_at: int
    makes: bool


def copy(
    source: str,
    target: str,
    *,
    copied: Progress | None = None,
    verified: Progress | None = None,
    batch: int = BATCH,
) -> Copied:
    """Copy the whole log at a URL, all tenants of it, into an empty store at another, which is made when missing.

    Raises `InvalidInput`, with nothing written, for a target that holds something else, and `VerificationFailed` when
    source or copy do not hold: the target then stays unfinished, and nobody can open it. `StoreUnavailable` at the end
    says that the copy is finished, but not surely on the standby that its server waits for. `copied` and `verified` are
    told how much of how much is done; `batch` is how many events are made durable at a time.
    """
    _check_urls(source, target)
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_reader(source)))
        _check_source(log, source)
        models = kept_models(log)  # before the moment: what they have read is in it
        moment = stack.enter_context(closing(moment_of(log)))
        into = stack.enter_context(closing(open_target(target, create=True)))
        _check_apart(log, into)
        state = into.state()
        after = _resumed_at(state, log, moment, into)
        taken = Digests() if after == 0 else None
        news = _news(moment, after, into, taken, batch)
        mark = _brought(news, state, Mark(moment.name, founded(log), 0, moment.head, 0), into, copied)
        digests, wrong = compared(moment, taken, into, models, verified)
        if wrong:
            raise _not_proved(moment.name, into.name, wrong, finished=mark is None)
        discarded = moment.discarded()
        if mark is not None:
            into.finish(mark, discarded)
        into.assure()
        return Copied(
            moment.name,
            into.name,
            digests.events,
            digests.commands,
            digests.words,
            len(discarded),
            digests.all(discarded),
            tuple(model.name for model in models),
            after,
            log.head() - moment.head,
            mark is None,
        )


def rehearse(source: str, target: str, *, verified: Progress | None = None) -> Rehearsed:
    """Verify the source and look at the target, as `copy` would, and write nothing at all."""
    _check_urls(source, target)
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_reader(source)))
        _check_source(log, source)
        moment = stack.enter_context(closing(moment_of(log)))
        makes, resumed_at = not is_there(target), 0
        name = name_of(target)
        if not makes:
            into = stack.enter_context(closing(open_target(target, create=False)))
            _check_apart(log, into)
            resumed_at, name = _resumed_at(into.state(), log, moment, into), into.name
        report = verify(log, progress=verified)
        if not report.holds:
            what = f"{moment.name} would not be copied: it does not hold"
            found = tuple(f"event {one.position}: {one.what}" for one in report.findings)
            raise VerificationFailed(what, found, "run: mentorcycle audit verify, on the source")
        return Rehearsed(moment.name, name, moment.head, resumed_at, makes)


def _brought(
    news: Iterator[Batch], state: State, new: Mark, target: Target, copied: Progress | None
) -> Mark | None:
    """Write what is to be written; the mark of what is to be proved, None for a finished copy that lacks nothing."""
    if state.mark is None:  # at once: until then a new target is an empty log, which anybody may use
        target.begin(None, new)
    first = next(news, None)
    if first is None and state.mark is not None and not state.unfinished:
        return None
    mark = state.mark or new
    if state.mark is not None and not state.unfinished:
        mark = replace(mark, of=new.of)
        target.begin(state.mark, mark)
    for batch in chain([first] if first else [], news):
        mark = target.write(batch, mark, new.of)
        if copied is not None:
            copied(mark.position, new.of)
    return mark


def _news(moment: Moment, after: int, target: Target, taken: Digests | None, size: int) -> Iterator[Batch]:
    """What is to be written; all that is read is digested, if it is all."""
    for batch in batches(moment, after, size):
        if taken is not None:
            taken.take(batch)
        # Commands without events have no position of their own: those at the end may have been copied before.
        alone = [row for row in batch.commands if row.last < row.first == after + 1]
        if alone and (known := target.known(alone)):
            left = [row for row in batch.commands if (row.tenant, row.command_id) not in known]
            batch = batch._replace(commands=left)
        if any(batch.rows):
            yield batch


def _resumed_at(state: State, log: Log, moment: Moment, target: Target) -> int:
    """How far a copy of this log is in the target; raise `InvalidInput` when that holds anything else."""
    if state.empty:
        return 0
    mark = state.mark
    if mark is not None and _is_beginning_of(mark, log, moment, target):
        return mark.position
    if mark is not None and state.unfinished:
        raise InvalidInput(
            f"nothing is copied into {target.name}",
            f"it is an unfinished copy of {mark.source}, and {moment.name} is not that log, or not as it was",
            f"go on with the first: mentorcycle db copy {mark.source} {target.name}; or {_removed(target)}",
        )
    holds = f"{state.events} events" if state.events else f"{state.commands} commands"
    raise InvalidInput(
        f"nothing is copied into {target.name}",
        f"it is not empty: it holds {holds}, and is no untouched copy of {moment.name}",
        "name a new file or an empty database: db copy makes the tables itself (db init also founds a programme)",
    )


def _is_beginning_of(mark: Mark, log: Log, moment: Moment, target: Target) -> bool:
    last = mark.position - 1
    return (
        mark.founded == founded(log)
        and mark.position <= moment.head
        and (last < 0 or log.read_log(last, 1) == target.log.read_log(last, 1))
    )


def _not_proved(source: str, target: str, wrong: list[str], *, finished: bool) -> VerificationFailed:
    if finished:
        what = f"{target} is a finished copy, and not what {source} is now"
        return VerificationFailed(what, tuple(wrong), "run: mentorcycle audit verify, on both")
    return VerificationFailed(
        f"the copy in {target} does not hold, and stays unfinished",
        tuple(wrong),
        "run: mentorcycle audit verify, on the source; then remove the copy, and start again",
    )


def _removed(target: Target) -> str:
    where = sqlite_path(target.name)
    return (
        f"delete {where}" if where else "drop the schema mentorcycle of that database, with all that is in it"
    )


def _check_urls(source: str, target: str) -> None:
    for url in (source, target):
        if sqlite_path(url) is None and not is_postgres(url):
            raise UnknownStore(
                f"{without_password(url)!r} cannot be copied from or to",
                "a log is copied between files and PostgreSQL databases",
                "for example: mentorcycle db copy sqlite:///north.db postgresql://host/north",
            )
    one, two = sqlite_path(source), sqlite_path(target)
    if one and two and os.path.exists(one) and os.path.exists(two) and os.path.samefile(one, two):
        raise _one_and_the_same(name_of(source))


def _check_apart(log: Log, target: Target) -> None:
    """Databases are told apart by the server; two files may be copies of each other."""
    if is_postgres(target.name) and log.incarnation() == target.log.incarnation():
        raise _one_and_the_same(target.name)


def _one_and_the_same(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is not copied into itself", "source and target are one store", "name another"
    )


def _check_source(log: Log, source: str) -> None:
    if log.head() == 0:
        raise InvalidInput(f"{name_of(source)} is not copied", "it holds no events", "name another store")
    if isinstance(log, Inspectable) and (wrong := log.findings(quick=True)):
        what = f"{name_of(source)} is not copied: it does not hold"
        raise VerificationFailed(what, tuple(wrong), "run: mentorcycle audit verify, on the source")
