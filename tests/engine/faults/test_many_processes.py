"""Sixteen processes move one cycle on: one wins each step, the others see it done, and nobody is left behind."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.events import CycleAdvanced
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify
from mentorcycle.engine.codec import from_micros, to_micros

PROCESSES, CONTACTS = 16, 3
STAGES = ("observe", "debrief", "reflect")

pytestmark = [
    pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def test_of_sixteen_processes_one_wins_each_step_and_all_get_their_work_done(
    log_url: str, settings: Settings, begin: Callable[..., Any]
) -> None:
    many = multiprocessing.get_context("fork")
    barrier, told = many.Barrier(PROCESSES + 1, timeout=60), many.Queue()
    now = many.Value("q")  # the clock of the story, for all of them

    def work(who: int, story: Any) -> None:
        def clock() -> datetime:
            return from_micros(now.value)

        with Engine.open(log_url, settings=replace(settings, clock=clock, entropy=os.urandom)) as engine:
            for stage in STAGES:
                barrier.wait()
                contacts = 0
                for n in range(CONTACTS):
                    contacts += len(
                        engine.execute(c.LogContact(story.cycle, who + 1), story.bo).or_raise().events
                    )
                    moved = engine.execute(c.Advance(story.cycle, stage), story.ada).or_raise()
                    told.put((who, stage, n, len(moved.events)))
                told.put((who, stage, "contacts", contacts))
                barrier.wait()

    with Engine.open(log_url, settings=settings) as engine:
        story = begin(engine)
        processes = [many.Process(target=work, args=(who, story), daemon=True) for who in range(PROCESSES)]
        for process in processes:
            process.start()
        said: list[Any] = []
        for stage in STAGES:
            story.to(stage)
            engine.execute(c.UndoAdvance(story.cycle), story.coordinator).or_raise()
            now.value = to_micros(story.clock())
            barrier.wait()
            said += [told.get(timeout=60) for _ in range(PROCESSES * (CONTACTS + 1))]
            barrier.wait()
            assert story.state.stage == stage
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * PROCESSES
        history = engine.history(story.cycle, story.ada)
        for stage in STAGES:
            assert sum(moved for _, of, n, moved in said if of == stage and n != "contacts") == 1
            moves = [r for r in history if isinstance(r.event, CycleAdvanced) and r.event.target == stage]
            assert len(moves) == 2  # the one that was taken back, and theirs
        assert Counter(contact.minutes for contact in story.state.contacts) == dict.fromkeys(
            range(1, PROCESSES + 1), CONTACTS * len(STAGES)
        )
        assert verify(engine.store).holds
