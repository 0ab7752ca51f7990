"""Many commands, a slice of them in one commit: later ones see what earlier ones did, none keeps another back.

What one command comes to, `executor` knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import CommandReused, Conflict, InvalidInput, MentorcycleError
from mentorcycle.domain.refusal import Refused

from .decider import Ready, Request, named_streams
from .executor import Executor, Said, rehearsal, sound
from .ledger import content_hash
from .receipt import Batch, Failed, Receipt, Result
from .states import State, States
from .stores.port import Appended, Store
from .turns import pause

SLICE = 1000


class View:
    """States as a batch of decisions sees them: those of the log, and on top what the batch itself leads to.

    A `trusting` view starts from kept states without asking the log whether they are the newest: for decisions
    that an append will check. What refuses must be confirmed.
    """

    def __init__(self, states: States, *, trusting: bool) -> None:
        self._states = states
        self._trusting = trusting
        self._seen: dict[str, State] = {}
        self._assumed: set[str] = set()
        self._pending: dict[str, str] = {}

    def load(self, stream: str) -> State:
        """The state as the next decision sees it."""
        state = self._seen.get(stream)
        if state is None:
            state = self._seen[stream] = self._assume(stream) or self._states.load(stream)
        return state

    def prefetch(self, streams: Iterable[str]) -> None:
        """Read in one go what decisions will ask for."""
        wanted = dict.fromkeys(stream for stream in streams if stream not in self._seen)
        missing = [stream for stream in wanted if self._assume(stream) is None]
        if missing:
            self._seen.update(self._states.load_many(missing))

    def add(self, decision: Ready) -> None:
        """Go on from the states that a decision leads to."""
        self._seen.update(decision.after)
        self._pending.update(dict.fromkeys(decision.after, decision.slice.command_id))

    def founded(self, decision: Ready, read: Iterable[str]) -> Ready:
        """The decision, bound to those before it whose states it has read: they are not durable yet."""
        after = tuple({self._pending[stream]: None for stream in read if stream in self._pending})
        return replace(decision, slice=replace(decision.slice, after=after)) if after else decision

    def confirm(self, streams: Iterable[str]) -> bool:
        """Whether the log has these states, as far as they are not pending; those it does not are loaded anew."""
        holds = True
        for stream in self._assumed.intersection(streams):
            self._assumed.discard(stream)
            if stream not in self._pending:
                fresh = self._states.load(stream)
                holds = holds and fresh.version == self._seen[stream].version
                self._seen[stream] = fresh
        return holds

    def _assume(self, stream: str) -> State | None:
        # An append does not check programmes: a calendar may change meanwhile. So they are always read.
        if not self._trusting or stream.startswith("programme:"):
            return None
        state = self._states.kept(stream)
        if state is not None:
            self._seen[stream] = state
            self._assumed.add(stream)
        return state


class Bulk:
    """Runs many commands of one tenant. Threads may share it."""

    def __init__(self, store: Store, tenant: str, retakes: int, states: States, executor: Executor) -> None:
        self._store = store
        self._tenant = tenant
        self._retakes = retakes
        self._states = states
        self._executor = executor

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
        if command_ids is not None and len(command_ids) != len(commands):
            raise InvalidInput(
                f"{len(command_ids)} command ids were given for {len(commands)} commands",
                "each command has its own",
            )
        if slice_size < 1:
            raise InvalidInput(f"a slice of {slice_size} commands cannot be taken", "it has at least one")
        said = sound(said, actor)
        ids: Sequence[str | None] = command_ids or [None] * len(commands)
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
            pause(retake)
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
            decision = self._attempted(request, view)
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

    def _attempted(self, request: Request, view: View) -> Ready | Refused | Failed:
        """A decision on the view; a refusal is true of the log, and not only of kept states."""
        while True:
            read: list[str] = []

            def load(stream: str, read: list[str] = read) -> State:
                read.append(stream)
                return view.load(stream)

            decision: Ready | Refused | Failed
            try:
                decision = self._executor.decided(request, load)
            except MentorcycleError as error:
                decision = Failed(error)
            if isinstance(decision, Ready):
                return view.founded(decision, read)
            if view.confirm(read):
                return decision

    def _rehearse(self, asked: Sequence[Request | Failed], rehearsed: _Rehearsal) -> Iterator[Result]:
        requests = [request for request in asked if isinstance(request, Request)]
        rehearsed.view.prefetch(stream for request in requests for stream in named_streams(request))
        for request in asked:
            if isinstance(request, Failed):
                yield request
            else:
                yield self._first(request) or rehearsed.repeated(request) or self._dry(request, rehearsed)

    def _dry(self, request: Request, rehearsed: _Rehearsal) -> Result:
        decision = self._attempted(request, rehearsed.view)
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
    receipts: dict[str, tuple[bytes, Receipt]] = field(default_factory=dict)

    def repeated(self, request: Request) -> Receipt | Failed | None:
        """The answer to an id that this dry run has answered before."""
        content, receipt = self.receipts.get(request.command_id, (b"", None))
        if receipt is None:
            return None
        if content != _content(request):
            return Failed(CommandReused(request.command_id))
        return replace(receipt, repeated=True)


def _content(request: Request) -> bytes:
    return content_hash(request.command, request.actor, request.said_at, b"")


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
