"""What can go wrong outside the rules: typed errors that carry facts.

A refusal by the rules is not an error but a value: see `refusal`. Every error here answers three
questions for whoever meets it: what happened, why, and what to do.
"""

from __future__ import annotations


class MentorcycleError(Exception):
    """Base of every error raised on purpose; `what`, `why` and `fix` are ready to be shown."""

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(". ".join(part.rstrip(".") for part in (what, why, fix) if part))
        self.what = what
        self.why = why
        self.fix = fix


class InvalidInput(MentorcycleError):
    """A value that cannot be read as what it should be; nothing was done."""


class UnknownStore(InvalidInput):
    """A URL names no kind of store, or none that there can be."""


class NotFound(MentorcycleError):
    """A reference names nothing."""

    def __init__(self, kind: str, reference: str, fix: str = "") -> None:
        super().__init__(f"no {kind} is called {reference!r}", "nothing has that id, name or prefix", fix)
        self.kind = kind
        self.reference = reference


class NoSuchFile(NotFound):
    """A path names no file."""

    def __init__(self, path: str, kind: str = "file") -> None:
        MentorcycleError.__init__(self, f"there is no {kind} {path}", "", "check the path")
        self.kind = kind
        self.reference = path


class Ambiguous(MentorcycleError):
    """A reference names more than one thing; `candidates` are full references with names."""

    def __init__(self, kind: str, reference: str, candidates: tuple[str, ...]) -> None:
        shown = ", ".join(candidates[:5]) + (
            f" and {len(candidates) - 5} more" if len(candidates) > 5 else ""
        )
        super().__init__(
            f"{reference!r} names more than one {kind}", f"it could be {shown}", "type more of it"
        )
        self.kind = kind
        self.reference = reference
        self.candidates = candidates


class Conflict(MentorcycleError):
    """Somebody else wrote to the same stream first; nothing was written and a retry is safe."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(
            f"{stream} changed while the decision was taken",
            f"version {expected} was expected and version {actual} was found",
            "send the command again",
        )
        self.stream = stream
        self.expected = expected
        self.actual = actual


class CommandReused(MentorcycleError):
    """A command id was used before for a command with other content; nothing was written."""

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"command id {command_id!r} was used before for another command",
            "an id stands for one content for ever, so that repeating a command is safe",
            "use a new id, or send the first content again",
        )
        self.command_id = command_id


class CannotJoin(MentorcycleError):
    """A command cannot be part of a host's transaction as that is; nothing was written, and nothing taken back."""


class StoreUnavailable(MentorcycleError):
    """The store cannot be used as it is: absent, locked, read-only, full, not a database."""


class StoreNeedsUpgrade(StoreUnavailable):
    """The store was written by another version of the schema than this program speaks."""


class CopyUnfinished(StoreUnavailable):
    """The store is being made by a copy that is not finished: what it holds is not whole, and not verified."""

    def __init__(self, store: str, source: str, target: str, position: int, of: int) -> None:
        super().__init__(
            f"{store} is an unfinished copy",
            f"{position} of {of} events of {source} are in it, and nobody has verified them",
            f"run: mentorcycle db copy {source} {target}, which goes on where it stopped",
        )
        self.source = source
        self.position = position
        self.of = of


class VerificationFailed(MentorcycleError):
    """Something that was checked as a whole does not hold; `findings` are sentences, and nothing was done."""

    def __init__(self, what: str, findings: tuple[str, ...], fix: str = "") -> None:
        more = f"; and {len(findings) - 3} more" if len(findings) > 3 else ""
        super().__init__(what, "; ".join(findings[:3]) + more, fix)
        self.findings = findings


class HistoryUnreadable(MentorcycleError):
    """A stored event cannot be decoded: unknown name or version, or damaged bytes."""

    def __init__(self, position: int, topic: str, why: str) -> None:
        super().__init__(f"event {position} ({topic}) cannot be read", why, "run: mentorcycle audit verify")
        self.position = position
        self.topic = topic
