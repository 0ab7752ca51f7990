"""Programs that write to a log and follow it while something fails, and what must be so afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from time import monotonic, sleep
from typing import Any

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import ContactLogged, Participant, PersonAdded
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify_all

PROGRAMS = Path(__file__).parent / "programs"
OFFICE = Actor.coordinator()
LONG = 120.0
LEASE = 2


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    deadline = monotonic() + LONG
    while not holds():
        assert monotonic() < deadline, f"it never came to it: {what}"
        sleep(0.1)


class Program:
    """A process that tells in lines what it does; they are read as they come."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines: list[str] = []
        self._news = Condition()
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait_for(self, when: Callable[[list[str]], bool], what: str) -> None:
        """Wait until the lines are as wanted; a line that was cut short is none."""
        deadline = monotonic() + LONG
        with self._news:
            while not when(self.lines):
                assert self.process.poll() is None or self._reading.is_alive(), f"ended before: {what}"
                assert self._news.wait(deadline - monotonic()) or when(self.lines), (
                    f"waited for {what}; it said {self.lines[-8:]}"
                )

    def acks(self) -> list[tuple[str, int, int]]:
        """What was acknowledged: command id, first and last position."""
        found = [line.split() for line in list(self.lines) if line.startswith("ack ")]
        return [(id, int(first), int(last)) for _, id, first, last in found]

    def more_acks(self, number: int) -> None:
        """Wait until that many more commands were acknowledged."""
        wanted = len(self.acks()) + number
        self.wait_for(lambda _: len(self.acks()) >= wanted, f"{number} more acknowledgements")

    def errors(self) -> list[str]:
        return [line for line in list(self.lines) if line.startswith("error ")]

    def kill(self) -> None:
        """`kill -9`, unless that was done."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL, "it ended by itself"
        self._reading.join()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                if line.endswith(b"\n"):
                    self.lines.append(line.decode().strip())
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


@dataclass
class Load:
    """Writers and a follower on one log. `cycle` is the one that all writers write to."""

    url: str
    patience: float = 5.0
    cycle: str = ""
    mentor: str = ""
    writers: list[Program] = field(default_factory=list)
    followers: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    _programs: ExitStack = field(default_factory=ExitStack)
    _made: int = 0

    def __enter__(self) -> Load:
        with self.engine() as engine:
            engine.ensure_programme(OFFICE)
            people = [engine.execute(c.AddPerson(name), OFFICE).or_raise().subject for name in ("Ada", "Bo")]
            pair = (Participant(people[0], mentee=True), Participant(people[1], mentor=True))
            engine.execute(c.PublishPairing(pair), OFFICE).or_raise()
            self.cycle = engine.execute(c.OpenCycle(people[0]), OFFICE).or_raise().subject
            self.mentor = people[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._programs.close()

    def engine(self) -> Engine:
        return Engine.open(self.url, settings=Settings(patience=30.0))

    def writer(self, url: str | None = None, patience: float | None = None) -> Program:
        """One more process that writes, once it is ready."""
        self._made += 1
        words = (url or self.url, f"w{self._made}", self.cycle, self.mentor, patience or self.patience)
        program = self._started(Program(PROGRAMS / "writer.py", *words))
        program.wait_for(lambda lines: "ready" in lines, "ready")
        self.writers.append(program)
        return program

    def follower(self, url: str | None = None) -> Program:
        """One more process that follows, from the beginning."""
        program = self._started(Program(PROGRAMS / "follower.py", url or self.url, self.patience))
        self.followers.append(program)
        return program

    def worker(self, url: str | None = None) -> Program:
        """One more `mentorcycle worker`, once it takes part."""
        words = ("worker", "--db", url or self.url, "--lease", LEASE)
        program = self._started(Program("-m", "mentorcycle.cli", *words))
        program.wait_for(lambda lines: any("takes part" in line for line in lines), "it takes part")
        self.workers.append(program)
        return program

    def kept_by(self, worker: Program) -> bool:
        """Whether that worker feeds every read model, and every part of them."""
        with self.engine() as engine:
            units = engine.queries.readers.working().units
        return all((unit.owner or "").endswith(f":{worker.process.pid}") for unit in units)

    def shared_by(self, workers: int) -> bool:
        """Whether so many workers feed all of the read models together."""
        with self.engine() as engine:
            owners = {unit.owner for unit in engine.queries.readers.working().units}
        return None not in owners and len(owners) == workers

    def more_acks(self, number: int) -> None:
        """Wait until each living writer was told that many more times."""
        for writer in self.writers:
            if writer.process.poll() is None:
                writer.more_acks(number)

    def stop(self) -> None:
        """Kill the writers, and the followers once they have seen all that there is."""
        for program in (*self.writers, *self.workers):
            program.kill()
        with self.engine() as engine:
            head = engine.store.head()
        for follower in self.followers:
            follower.wait_for(lambda lines: len(lines) >= head, f"{head} events seen")
            follower.kill()

    def holds(self) -> None:
        """All that was acknowledged is there, once, and in the places that were told; followers saw just that."""
        with self.engine() as engine, engine.subscribe() as log:
            events = [next(log) for _ in range(engine.store.head())]
            report = verify_all(engine.queries.readers)
        assert [event.position for event in events] == list(range(1, len(events) + 1))
        assert report.findings == []
        assert report.models
        assert all(model.equal for model in report.models)
        of: dict[str, list[Any]] = {}
        for event in events:
            of.setdefault(event.command_id, []).append(event)
        names = Counter(event.event.name for event in events if isinstance(event.event, PersonAdded))
        assert set(names.values()) == {1}
        for id, some in of.items():
            if id.startswith("w"):
                assert [type(event.event) for event in some] == [
                    ContactLogged if id.endswith("contact") else PersonAdded
                ]
        acks = [ack for writer in self.writers for ack in writer.acks()]
        assert acks
        for id, first, last in acks:
            assert id in of, f"{id} was acknowledged at {first} and is lost"
            assert [event.position for event in of[id]] == list(range(first, last + 1))
        for writer in self.writers:  # one command after the other; those of a batch have a result each
            told = list(dict.fromkeys(id for id, *_ in writer.acks() if "-b-" not in id))
            place = {id: of[id][0].position for id in told}
            assert told == sorted(told, key=place.__getitem__)
        for follower in self.followers:
            assert follower.lines == [
                f"{e.position} {e.stream} {e.version} {e.command_id} {int(e.recorded_at.timestamp() * 1_000_000)}"
                for e in events
            ]

    def _started(self, program: Program) -> Program:
        self._programs.callback(program.kill)
        return program
