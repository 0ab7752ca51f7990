"""Many commands, a slice of them in one commit: later ones see what earlier ones did, none keeps another back.

What one command comes to, `executor` knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import CommandReused, Conflict, InvalidInput, MentorcycleError
from mentorcycle.domain.refusal import Refused

from .decider import Ready, Request, named_streams
from .executor import Executor, Said, rehearsal, sound
from .intake import ids_for, slices_of
from .ledger import Content, content_of
from .receipt import Batch, Failed, Receipt, Result
from .states import States
from .stores.pace import pace_of
from .stores.port import Appended, Store
from .turns import pause
from .view import View

SLICE = 1000


class Bulk:
    """Runs many commands of one tenant. Threads may share it."""

    def __init__(self, store: Store, tenant: str, retakes: int, states: States, executor: Executor) -> None:
        self._store = store
        self._tenant = tenant
        self._retakes = retakes
        self._states = states
        self._executor = executor
        self._pace = pace_of(store)

    def run(
        self,
        commands: Sequence[Command],
        actor: Actor,
        said: Said,
        *,
        command_ids: Sequence[str] | None,
        dry_run: bool,
        slice_size: int,
    ) -> Batch:
        """Many commands, see `Engine.execute_many`."""
        ids = ids_for(commands, command_ids)
        slices_of(slice_size)
        said = sound(said, actor)
        asked = [self._asked(one, actor, said, id) for one, id in zip(commands, ids, strict=True)]
        results: list[Result] = []
        rehearsed = _Rehearsal(View(self._states, trusting=False))
        for part in _slices(asked, slice_size):
            if dry_run:
                results.extend(self._rehearse(part, rehearsed))
            else:
                results.extend(self._slice(part, known_ids=command_ids is not None))
        return Batch(said.batch or "", tuple(results))

    def _asked(self, command: Command, actor: Actor, said: Said, id: str | None) -> Request | Failed:
        self._pace.breathe()
        try:
            return self._executor.request(command, actor, said, id)
        except InvalidInput as error:
            return Failed(error)

    def _slice(self, asked: Sequence[Request | Failed], *, known_ids: bool) -> list[Result]:
        """Results of a slice, in order; what conflicts is decided again, all together, until nothing does."""
        results: list[Result | None] = [
            request if isinstance(request, Failed) else self._first(request) if known_ids else None
            for request in asked
        ]
        for retake in range(self._retakes + 1):
            open_ = [
                (number, request)
                for number, request in enumerate(asked)
                if isinstance(request, Request) and not _settled(results[number])
            ]
            if not open_:
                break
            pause(retake, self._pace)
            for number, result in self._attempt(open_, trusting=retake == 0):
                results[number] = result
        return [result for result in results if result is not None]

    def _first(self, request: Request) -> Result | None:
        try:
            return self._executor.first_receipt(request)
        except MentorcycleError as error:
            return Failed(error)

    def _attempt(
        self, requests: Sequence[tuple[int, Request]], *, trusting: bool
    ) -> Iterator[tuple[int, Result]]:
        """Decide all, append what is ready in one commit, and say what became of each."""
        view = View(self._states, trusting=trusting)
        view.prefetch(stream for _, request in requests for stream in named_streams(request))
        ready: list[tuple[int, Request, Ready]] = []
        others: list[tuple[int, Refused | Failed]] = []
        for number, request in requests:
            decision = self._executor.attempted(request, view)
            if isinstance(decision, Ready):
                view.add(decision)
                ready.append((number, request, decision))
            else:
                others.append((number, decision))
        outcomes = self._store.append_many([decision.slice for _, _, decision in ready]) if ready else []
        conflict: Conflict | None = None
        for (number, request, decision), outcome in zip(ready, outcomes, strict=True):
            match outcome:
                case Appended():
                    yield number, self._executor.receipt(request, decision, outcome)
                case Conflict():
                    conflict = outcome
                    yield number, Failed(outcome)
                case CommandReused():
                    yield number, self._first(request) or Failed(outcome)
        for number, other in others:
            # What was refused because of a state that did not come to be is decided again as well.
            yield number, Failed(conflict) if conflict is not None else other

    def _rehearse(self, asked: Sequence[Request | Failed], rehearsed: _Rehearsal) -> Iterator[Result]:
        requests = [request for request in asked if isinstance(request, Request)]
        rehearsed.view.prefetch(stream for request in requests for stream in named_streams(request))
        for request in asked:
            if isinstance(request, Failed):
                yield request
            else:
                yield self._first(request) or rehearsed.repeated(request) or self._dry(request, rehearsed)

    def _dry(self, request: Request, rehearsed: _Rehearsal) -> Result:
        decision = self._executor.attempted(request, rehearsed.view)
        if not isinstance(decision, Ready):
            return decision
        receipt = rehearsal(request, decision)
        rehearsed.view.add(decision)
        rehearsed.receipts[request.command_id] = _content(request), receipt
        return receipt


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """What a dry run has come to so far: states, and receipts by command id with the content they are for."""

    view: View
    receipts: dict[str, tuple[Content, Receipt]] = field(default_factory=dict)

    def repeated(self, request: Request) -> Receipt | Failed | None:
        """The answer to an id that this dry run has answered before."""
        known = self.receipts.get(request.command_id)
        if known is None:
            return None
        content, receipt = known
        if content != _content(request):
            return Failed(CommandReused(request.command_id))
        return replace(receipt, repeated=True)


def _content(request: Request) -> Content:
    return content_of(request.command, request.actor, request.said_at)


def _slices(asked: Sequence[Request | Failed], size: int) -> Iterator[list[Request | Failed]]:
    """Cut into slices; also before a command id that is in the slice already: it repeats what has to come first."""
    part: list[Request | Failed] = []
    ids: set[str] = set()
    for request in asked:
        id = request.command_id if isinstance(request, Request) else ""
        if len(part) == size or (id and id in ids):
            yield part
            part, ids = [], set()
        part.append(request)
        ids.add(id)
    if part:
        yield part


def _settled(result: Result | None) -> bool:
    return result is not None and not (isinstance(result, Failed) and isinstance(result.error, Conflict))
