"""The program as its users meet it: in this process, as a process of its own, and on a terminal."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

HERE = Path(__file__).parent
SAMPLE = [sys.executable, str(HERE / "sample_commands.py")]
REAL = [sys.executable, "-m", "mentorcycle.cli"]

Invoke = Callable[..., Result]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


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
