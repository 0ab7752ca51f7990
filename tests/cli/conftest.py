"""The program as its users meet it: in this process, as a process of its own, and on a terminal."""

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

HERE = Path(__file__).parent
SAMPLE = [sys.executable, str(HERE / "sample_commands.py")]
REAL = [sys.executable, "-m", "mentorcycle.cli"]

Invoke = Callable[..., Result]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Interrupted = Callable[..., Iterator[Any]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is set by the person who runs the tests."""
    unwanted = ("MENTORCYCLE", "XDG_", "NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "HOME": str(tmp_path), "TERM": "xterm"}


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Run:
    """The real program, or with `sample=True` the sample one, as a process without a terminal."""

    def start(
        *words: str, sample: bool = False, env: Mapping[str, str] | None = None, **more: Any
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*(SAMPLE if sample else REAL), *words],
            env={**environ, **(env or {})},
            cwd=tmp_path,
            stdin=more.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **more,
        )

    return start


@pytest.fixture
def on_terminal(environ: dict[str, str], tmp_path: Path) -> Callable[..., tuple[int, str]]:

    def start(*words: str, typed: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*SAMPLE, *words],
            env={**environ, **(env or {})},
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C interrupts
        )
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
            if typed and seen.endswith(b"[y/N] "):
                os.write(ours, typed.encode())
        os.close(ours)
        return process.wait(10), seen.decode().replace("\r\n", "\n")

    return start


@pytest.fixture
def invoke(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The sample program in this process."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def start(*words: str, **more: Any) -> Result:
        import sample_commands

        from mentorcycle.cli.session import Session

        session = Session(now=lambda: sample_commands.NOW)
        return CliRunner().invoke(sample_commands.program, words, obj=session, **more)

    return start


class Desk:
    """The real program in this process on a SQLite file of its own, or `MENTORCYCLE_DB`; `now` may be set.

    The programme is in Stockholm. Aylin Ünal is paired with Bo Karlsson (who mentors), Tom Okoro with Sara Lind;
    Mira Nasser is nobody's partner.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = environ
        self.url = environ.get("MENTORCYCLE_DB") or f"sqlite:///{folder / 'mentorcycle.db'}"
        self.now = datetime(2026, 10, 12, 8, tzinfo=UTC)  # a Monday

    def __call__(self, *words: str, by: str | None = None, **more: Any) -> Result:
        from mentorcycle.cli.main import cli
        from mentorcycle.cli.session import Session

        actor = ("--as", by) if by else ()
        return CliRunner().invoke(
            cli, [*words, *actor], obj=Session(now=lambda: self.now, environ=self.environ), **more
        )

    def done(self, *words: str, by: str | None = None, **more: Any) -> str:
        """What a person reads when it is done (or already so)."""
        result = self(*words, "--format", "table", by=by, **more)
        assert result.exit_code == 0, result.output
        return result.stdout.rstrip("\n")

    def refused(self, code: int, *words: str, by: str | None = None, **more: Any) -> str:
        """What a person reads when it ends with that code; nothing is written then."""
        before = self.head()
        result = self(*words, "--format", "table", by=by, **more)
        assert result.exit_code == code, result.output
        assert self.head() == before
        return result.stderr

    def data(self, *words: str, by: str | None = None, code: int = 0, **more: Any) -> Any:
        """The JSON document that it writes."""
        result = self(*words, "--format", "json", by=by, **more)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def head(self) -> int:
        """The position of the last event."""
        from mentorcycle.engine.queries import Queries

        with Queries.open(self.url) as queries:
            return queries.head()

    def opened(self, *mentees: str) -> None:
        """Cycles are open for these mentees."""
        assert self("cycle", "open", *mentees, "--yes").exit_code == 0

    def at_observe(self, mentee: str = "unal", mentor: str = "karlsson") -> None:
        """A cycle is open, has an agreed goal with a baseline, and stands in observe."""
        from mentorcycle.domain import commands as c
        from mentorcycle.domain.actor import Actor
        from mentorcycle.domain.vocabulary import MeasureSource, TeachingArea, Unit
        from mentorcycle.engine import Engine, Settings

        coordinator, settings = Actor.coordinator(), Settings(clock=lambda: self.now)
        with Engine.open(self.url, settings=settings) as engine:
            mentees, mentors = (
                [found.id for found in engine.queries.find_people(who, coordinator)]
                for who in (mentee, mentor)
            )
            cycle = engine.execute(c.OpenCycle(mentees[0]), coordinator).or_raise().subject
            goal = c.SetGoal(cycle, TeachingArea.ENGAGEMENT, unit=Unit.PERCENT, target=80, measured=True)
            baseline = c.RecordBaseline(cycle, "g1", 50, self.now.date(), MeasureSource.OBSERVATION)
            for asked in (goal, baseline):
                engine.execute(asked, coordinator).or_raise()
            for person in (mentees[0], mentors[0]):
                engine.execute(c.AgreeGoals(cycle), Actor.participant(person)).or_raise()
            engine.execute(c.Advance(cycle), coordinator).or_raise()


@pytest.fixture
def on_postgres(
    database: str, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """The program in front of an empty PostgreSQL database."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, {**environ, "MENTORCYCLE_DB": database})


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the people and pairings of a `Desk`."""
    from mentorcycle.domain.actor import Actor
    from mentorcycle.domain.commands import AddPerson, PublishPairing
    from mentorcycle.domain.events import Participant
    from mentorcycle.engine import Engine, Settings

    path = tmp_path_factory.mktemp("school") / "mentorcycle.db"
    settings = Settings(clock=lambda: datetime(2026, 9, 1, 8, tzinfo=UTC))
    coordinator = Actor.coordinator()
    with Engine.open(f"sqlite:///{path}", settings=settings) as engine:
        engine.ensure_programme(Actor.system(), zone="Europe/Stockholm")
        ids = {}
        for name in ("Aylin Ünal", "Bo Karlsson", "Tom Okoro", "Sara Lind", "Mira Nasser"):
            person = AddPerson(name, username=name.split()[0].lower())
            ids[name] = engine.execute(person, coordinator).or_raise().subject
        for mentee, mentor in (("Aylin Ünal", "Bo Karlsson"), ("Tom Okoro", "Sara Lind")):
            two = Participant(ids[mentee], mentee=True), Participant(ids[mentor], mentor=True)
            engine.execute(PublishPairing(two), coordinator).or_raise()
    return path


@pytest.fixture
def desk(school: Path, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The program at work in a school of five people."""
    for file in school.parent.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, environ)


class Interrupting:
    """A clock that presses Ctrl-C when it is asked for the n-th time."""

    def __init__(self, now: datetime, at: int) -> None:
        self.now = now
        self.asked = 0
        self.at = at

    def __call__(self) -> datetime:
        self.asked += 1
        if self.asked == self.at:
            signal.raise_signal(signal.SIGINT)
        return self.now


@pytest.fixture
def interrupted(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """Runs a command again and again on the store as it was, interrupted whenever the clock is asked, and gives the
    counts that it tells, or None."""
    from mentorcycle.cli.main import cli
    from mentorcycle.cli.session import Session

    def run(*words: str) -> Iterator[Any]:
        kept = tmp_path_factory.mktemp("kept")
        shutil.copytree(desk.folder, kept, dirs_exist_ok=True)
        for at in count(1):
            for file in desk.folder.glob("*.db*"):
                file.unlink()
            shutil.copytree(kept, desk.folder, dirs_exist_ok=True)
            clock = Interrupting(desk.now, at)
            session = Session(now=clock, environ=desk.environ)
            result = CliRunner().invoke(cli, [*words, "--format", "json"], obj=session)
            if clock.asked < at:
                return
            assert result.exit_code == 130, result.output
            yield json.loads(result.stdout)["counts"] if result.stdout else None

    return run
