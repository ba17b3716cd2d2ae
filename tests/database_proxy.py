"""A way to the test database that can be cut: a port of this machine in front of the server's Unix socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from reconciler.core.shared_state import SharedState

_PORT = 5432


class DatabaseProxy:
    """Forwards bytes until it is cut; then it ends what is open and takes nothing new, until it is mended."""

    def __init__(self, behind: SharedState) -> None:
        (folder,) = parse_qs(urlsplit(behind.url).query)["host"]
        self._server = f"{folder}/.s.PGSQL.{_PORT}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False
        self.schema = behind.schema
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def location(self) -> SharedState:
        """The database, by this way."""
        return SharedState(self.url, self.schema)

    def cut(self) -> None:
        """End all sessions, and take no new one."""
        with self._lock:
            self._is_cut = True
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        """Take sessions again."""
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        """End all of it."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    if self._is_cut:
                        client.close()
                        continue
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(self._server)
                    self._open += [client, server]
                threading.Thread(target=_join, args=(client, server), daemon=True).start()


def _join(client: socket.socket, server: socket.socket) -> None:
    with client, server:
        answers = threading.Thread(target=_forward, args=(server, client), daemon=True)
        answers.start()
        _forward(client, server)
        answers.join()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(behind: SharedState) -> Iterator[DatabaseProxy]:
    """A way to the database that can be cut."""
    proxy = DatabaseProxy(behind)
    try:
        yield proxy
    finally:
        proxy.close()
