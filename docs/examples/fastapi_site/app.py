"""A small back end: open a cycle, advance it, see where it stands and what happened, follow what happens.

    pip install 'mentorcycle[postgres,async]' fastapi uvicorn
    MENTORCYCLE_DB=postgresql://user@host/north uvicorn --factory fastapi_site.app:from_environment

Rules are the engine's; this says what is asked in its words and what it answers in those of HTTP (`answers.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Request, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.engine import AsyncEngine, Settings

from .answers import happened, refuse_in_http, standing, taken

api = APIRouter()


def create_app(url: str, settings: Settings | None = None) -> FastAPI:
    """The site on the store at a URL. The engine is opened in the loop that serves, once in each process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncEngine.open(url, settings=settings) as engine:
            await engine.ensure_programme(Actor.system(), name="North cohort", zone="Europe/Stockholm")
            app.state.engine = engine
            yield

    app = FastAPI(title="Peer mentorship", lifespan=lifespan)
    app.include_router(api)
    refuse_in_http(app)
    return app


def from_environment() -> FastAPI:
    """The site on the store that MENTORCYCLE_DB names."""
    return create_app(os.environ["MENTORCYCLE_DB"])


def the_engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.app.state.engine
    return engine


def the_actor(
    x_person: Annotated[str, Header(min_length=1)], x_role: Annotated[str, Header()] = "participant"
) -> Actor:
    """Who acts. Who they are is a matter of your log-in; here a proxy in front of the site has seen to it."""
    return Actor.coordinator(x_person) if x_role == "coordinator" else Actor.participant(x_person)


Engine = Annotated[AsyncEngine, Depends(the_engine)]
Who = Annotated[Actor, Depends(the_actor)]
Key = Annotated[str | None, Header(alias="Idempotency-Key")]  # sent again, a request gives its first answer


class NewPerson(BaseModel):
    name: str


class NewPair(BaseModel):
    mentee: str
    mentor: str


class NewCycle(BaseModel):
    mentee: str


class Move(BaseModel):
    to: str | None = None


@api.post("/people", status_code=status.HTTP_201_CREATED)
async def add_person(person: NewPerson, engine: Engine, who: Who, key: Key = None) -> dict[str, Any]:
    return taken(await engine.execute(c.AddPerson(person.name), who, command_id=key))


@api.post("/pairs", status_code=status.HTTP_201_CREATED)
async def publish_pair(pair: NewPair, engine: Engine, who: Who, key: Key = None) -> dict[str, Any]:
    both = (Participant(pair.mentee, mentee=True), Participant(pair.mentor, mentor=True))
    return taken(await engine.execute(c.PublishPairing(both), who, command_id=key))


@api.post("/cycles", status_code=status.HTTP_201_CREATED)
async def open_cycle(cycle: NewCycle, engine: Engine, who: Who, key: Key = None) -> dict[str, Any]:
    return taken(await engine.execute(c.OpenCycle(cycle.mentee), who, command_id=key))


@api.get("/cycles")
async def cycles(engine: Engine, who: Who, after: str | None = None, limit: int = 50) -> dict[str, Any]:
    page = await engine.queries.cycles(who, after=after, limit=limit)
    return {"cycles": [standing(row) for row in page.rows], "more": page.more}


@api.get("/cycles/{cycle}")
async def cycle(cycle: str, engine: Engine, who: Who) -> dict[str, Any]:
    row = await engine.queries.cycle(cycle, who)
    moves = await engine.can(cycle, who)
    return standing(row) | {
        "moves": [
            {"to": move.edge.target, "in_the_way": [asdict(refusal) for refusal in move.refusals]}
            for move in moves
        ]
    }


@api.post("/cycles/{cycle}/advance")
async def advance(cycle: str, move: Move, engine: Engine, who: Who, key: Key = None) -> dict[str, Any]:
    return taken(await engine.execute(c.Advance(cycle, move.to), who, command_id=key))


@api.get("/cycles/{cycle}/history")
async def history(cycle: str, engine: Engine, who: Who) -> list[dict[str, Any]]:
    return [happened(recorded) for recorded in await engine.history(cycle, who)]


@api.get("/events")
async def events(
    engine: Engine, who: Who, after: int = 0, last_event_id: Annotated[int | None, Header()] = None
) -> StreamingResponse:
    """Everything as it happens, as server-sent events; a browser that was cut off goes on where it was."""
    await engine.queries.trail(who, limit=1)  # raises unless this is for them

    async def told() -> AsyncIterator[str]:
        async with engine.subscribe(after if last_event_id is None else last_event_id) as subscription:
            async for recorded in subscription:
                yield f"id: {recorded.position}\ndata: {json.dumps(happened(recorded))}\n\n"

    return StreamingResponse(told(), media_type="text/event-stream")
