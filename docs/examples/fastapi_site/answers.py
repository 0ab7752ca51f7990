"""The engine's answers in the words of HTTP: what is shown of a cycle and an event, and which status an error has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from mentorcycle.domain import errors
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.engine import Receipt
from mentorcycle.projections.cycles import CycleRow

STATUSES: dict[type[errors.MentorcycleError], int] = {
    errors.NotFound: 404,
    errors.Conflict: 409,  # after many attempts: others were always first; the same request may be sent again
    errors.CommandReused: 422,  # of an Idempotency-Key, for another request
    errors.InvalidInput: 422,
    errors.StoreUnavailable: 503,
}


def taken(outcome: Receipt | Refused) -> dict[str, Any]:
    """A receipt for who sent a command; raise `RefusedError` for a refusal."""
    receipt = outcome.or_raise()
    return {
        "id": receipt.subject,
        "position": receipt.last,
        "repeated": receipt.repeated,
        "events": [recorded.event.event_name for recorded in receipt.events],
    }


def standing(row: CycleRow) -> dict[str, Any]:
    """Where a cycle stands."""
    return {
        "id": row.cycle,
        "stage": row.stage,
        "status": row.status.value,
        "since": row.since.isoformat(),
        "mentees": row.mentees,
        "mentors": row.mentors,
    }


def happened(recorded: Recorded[Any]) -> dict[str, Any]:
    """One event, without what it says: its words are for the pair alone."""
    return {
        "position": recorded.position,
        "of": recorded.stream,
        "what": recorded.event.event_name,
        "by": recorded.actor.id,
        "when": recorded.occurred_at.isoformat(),
    }


def refuse_in_http(app: FastAPI) -> None:
    """Let an app answer what the engine raises: what, why, what to do, and the facts."""

    async def refused(_: Request, error: RefusedError) -> JSONResponse:
        reasons = [asdict(refusal) for refusal in error.refusals]
        return JSONResponse({"refused": reasons}, 403 if error.not_permitted else 409)

    def answer(status: int) -> Callable[[Request, errors.MentorcycleError], Awaitable[JSONResponse]]:
        async def failed(_: Request, error: errors.MentorcycleError) -> JSONResponse:
            return JSONResponse({"what": error.what, "why": error.why, "fix": error.fix}, status)

        return failed

    app.exception_handler(RefusedError)(refused)
    for kind, status in STATUSES.items():
        app.exception_handler(kind)(answer(status))
