"""A network that a test can let stand still, cut or slow down: it lies between a client and a server."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from threading import Event, Lock, Thread
from time import sleep

_RESET = struct.pack("ii", 1, 0)


class Network:
    """Listens on `port` and passes everything on to a server, as long as it flows.

    While it stands still, connections are taken and kept, and nothing passes, not even that one side has left.
    """

    def __init__(self, server_port: int) -> None:
        self.delay = 0.0
        self._server_port = server_port
        self._asked, self._answered = Event(), Event()
        self.flow()
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def stall(self, *, answers_alone: bool = False) -> None:
        """Pass nothing any more, or nothing that the server says."""
        self._answered.clear()
        if not answers_alone:
            self._asked.clear()

    def flow(self) -> None:
        """Pass on what waits, and all that comes."""
        self._asked.set()
        self._answered.set()

    def cut(self) -> None:
        """End every connection, on both sides, without a good-bye."""
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._open.clear()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        self.flow()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._open += [client, server]
                Thread(target=self._pass_on, args=(client, server, self._asked), daemon=True).start()
                Thread(target=self._pass_on, args=(server, client, self._answered), daemon=True).start()

    def _pass_on(self, here: socket.socket, there: socket.socket, flows: Event) -> None:
        with suppress(OSError):
            while True:
                said = here.recv(65536)
                if self.delay:
                    sleep(self.delay)
                flows.wait()
                if not said:
                    there.shutdown(socket.SHUT_WR)
                    return
                there.sendall(said)
