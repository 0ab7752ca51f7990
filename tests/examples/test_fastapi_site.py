"""The example of a site answers over HTTP what the engine says, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.vocabulary import TeachingArea, Unit, WaiverReason

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OFFICE = {"X-Person": "office", "X-Role": "coordinator"}


@pytest.fixture(params=["sqlite", "postgres"])
def app(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from fastapi_site.app import create_app

    if request.param == "postgres":
        return create_app(request.getfixturevalue("log_url"))
    return create_app(f"sqlite:///{tmp_path / 'north.db'}")


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The site as a client sees it."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site", headers=OFFICE) as client:
            yield client


async def opened(client: httpx.AsyncClient) -> tuple[str, str, str]:
    """Ada, Bo, and the cycle in which he is her mentor."""
    ada, bo = [(await client.post("/people", json={"name": name})).json()["id"] for name in ("Ada", "Bo")]
    assert (await client.post("/pairs", json={"mentee": ada, "mentor": bo})).status_code == 201
    cycle = await client.post("/cycles", json={"mentee": ada})
    assert cycle.status_code == 201
    return ada, bo, cycle.json()["id"]


def on_behalf_of(person: str) -> dict[str, str]:
    return {"X-Person": person, "X-Role": "participant"}


async def test_a_cycle_is_opened_looked_at_and_advanced(app: Any) -> None:
    async with served(app) as client:
        ada, bo, cycle = await opened(client)
        shown = (await client.get(f"/cycles/{cycle}", headers=on_behalf_of(ada))).json()
        assert (shown["stage"], shown["status"], shown["mentees"], shown["mentors"]) == (
            "goal-set", "active", [ada], [bo],
        )  # fmt: skip
        (move,) = shown["moves"]
        assert move["to"] == "observe"
        assert "goals-set" in [reason["code"] for reason in move["in_the_way"]]
        refused = await client.post(f"/cycles/{cycle}/advance", json={}, headers=on_behalf_of(ada))
        assert refused.status_code == 409
        reason = next(one for one in refused.json()["refused"] if one["code"] == "goals-set")
        assert reason["why"]
        assert reason["fix"]
        assert reason["facts"]

        await a_goal_is_set(app.state.engine, cycle, ada, bo)
        advanced = await client.post(f"/cycles/{cycle}/advance", json={"to": "observe"})
        assert advanced.status_code == 200, advanced.text
        assert advanced.json()["events"] == ["CycleAdvanced"]
        (row,) = (await client.get("/cycles")).json()["cycles"]
        assert (row["id"], row["stage"]) == (cycle, "observe")
        history = (await client.get(f"/cycles/{cycle}/history", headers=on_behalf_of(bo))).json()
        assert [one["what"] for one in history][::5] == ["CycleOpened", "CycleAdvanced"]
        assert "More speak" not in json.dumps(history)


async def a_goal_is_set(engine: Any, cycle: str, ada: str, bo: str) -> None:
    mentee, mentor = Actor.participant(ada), Actor.participant(bo)
    goal = c.SetGoal(
        cycle,
        TeachingArea.ENGAGEMENT,
        "g1",
        unit=Unit.PERCENT,
        target=80.0,
        statement="More speak",
        measure="Hands",
    )
    for command, actor in (
        (goal, mentee),
        (c.Waive(cycle, "baseline", "g1", WaiverReason.NEW_CLASS), Actor.coordinator("office")),
        (c.AgreeGoals(cycle), mentee),
        (c.AgreeGoals(cycle), mentor),
    ):
        (await engine.execute(command, actor)).or_raise()


async def test_what_is_wrong_has_its_own_status_and_says_what_to_do(app: Any) -> None:
    async with served(app) as client:
        ada, _, cycle = await opened(client)
        cases = {
            "not found": (404, await client.get("/cycles/c-nothing")),
            "of others": (403, await client.get(f"/cycles/{cycle}", headers=on_behalf_of("p-nobody"))),
            "not for participants": (403, await client.get("/events", headers=on_behalf_of(ada))),
            "refused": (409, await client.post("/pairs", json={"mentee": ada, "mentor": ada})),
            "half a character": (422, await client.post("/people", content=b'{"name": "\\ud83d"}')),
            "no body": (422, await client.post("/people")),
            "nobody": (422, await client.get("/cycles", headers={"X-Person": ""})),
        }
        for case, (status, answer) in cases.items():
            assert answer.status_code == status, f"{case}: {answer.status_code} {answer.text}"
            assert answer.json()
        await app.state.engine.close()
        away = await client.get("/cycles")
        assert away.status_code == 503
        assert away.json()["fix"]


async def test_a_request_that_is_sent_again_gives_its_first_answer(app: Any) -> None:
    async with served(app) as client:
        once = {"Idempotency-Key": "form-7"}
        first = await client.post("/people", json={"name": "Ann"}, headers=once)
        again = await client.post("/people", json={"name": "Ann"}, headers=once)
        assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
        assert first.json()["id"] == again.json()["id"]
        other = await client.post("/people", json={"name": "Bo"}, headers=once)
        assert other.status_code == 422
        assert "form-7" in other.json()["what"]


async def test_events_are_told_as_they_happen_until_the_browser_goes(app: Any) -> None:
    async with served(app) as client:
        start = (await client.post("/people", json={"name": "Ann"})).json()["position"]
        told: asyncio.Queue[bytes] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> dict[str, str]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message.get("body"):
                told.put_nowait(message["body"])

        headers = [(name.lower().encode(), value.encode()) for name, value in OFFICE.items()]
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": b"",
            "headers": [*headers, (b"last-event-id", str(start - 1).encode())],
        }
        listening = asyncio.create_task(app(scope, receive, send))
        for name in ("Ann", "Bo"):
            lines = (await told.get()).decode().splitlines()
            assert lines[0] == f"id: {start}"
            assert json.loads(lines[1].removeprefix("data: "))["what"] == "PersonAdded"
            if name == "Ann":
                start = (await client.post("/people", json={"name": "Bo"})).json()["position"]
        gone.set()
        await listening
