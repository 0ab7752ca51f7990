"""Who acts: an id, the hat worn, and how that is known. Authentication is the host's part."""

from __future__ import annotations

from dataclasses import dataclass

from .vocabulary import Known, Role

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a person id for participants and any stable name for the others.

    `programme` bounds a coordinator or auditor to one programme; None is every programme of the tenant.
    `also` are the other ids of a participant whose records were merged: the engine fills it in, and stores none of it;
    of a caller it takes none.
    """

    id: str
    role: Role
    known: Known = Known.ASSERTED
    programme: str | None = None
    also: frozenset[str] = frozenset()

    def goes_by(self, person: str) -> bool:
        """Whether an id is one of this actor's."""
        return person == self.id or person in self.also

    @classmethod
    def participant(cls, person: str, known: Known = Known.AUTHENTICATED) -> Actor:
        """A person in their own name; whether they are mentee or mentor, each cycle knows."""
        return cls(person, Role.PARTICIPANT, known)

    @classmethod
    def coordinator(
        cls, id: str = LOCAL, known: Known = Known.ASSERTED, programme: str | None = None
    ) -> Actor:
        return cls(id, Role.COORDINATOR, known, programme)

    @classmethod
    def auditor(cls, id: str = LOCAL, known: Known = Known.ASSERTED, programme: str | None = None) -> Actor:
        return cls(id, Role.AUDITOR, known, programme)

    @classmethod
    def system(cls, id: str = "system") -> Actor:
        return cls(id, Role.SYSTEM, Known.AUTHENTICATED)
