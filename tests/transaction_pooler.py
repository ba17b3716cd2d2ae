"""A pooler in transaction mode: whoever begins something gets a backend, until the end of that."""

from __future__ import annotations

import queue
import select
import socket
import struct
import threading
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from reconciler.core.shared_state import SharedState

_SSL_REQUEST = 80877103
_ENDS = (b"S", b"Q")  # messages of a client that are answered by ReadyForQuery


class TransactionPooler:
    """Listens on a port of this machine, in front of the server's Unix socket.

    size: how many backends there are at most. in_turn: as PgBouncer with `server_round_robin`; without, the backend
    that was given back last is given first.
    """

    def __init__(self, behind: SharedState, size: int = 20, *, in_turn: bool = False) -> None:
        (folder,) = parse_qs(urlsplit(behind.url).query)["host"]
        self._server = f"{folder}/.s.PGSQL.5432"
        self._idle: queue.Queue[socket.socket] = queue.Queue() if in_turn else queue.LifoQueue()
        self._all: list[socket.socket] = []
        self._size = size
        self._greeting = b""
        self._growing = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.location = SharedState(f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable", behind.schema)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End all of it."""
        self._listener.close()
        for backend in self._all:
            backend.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _backend(self) -> tuple[socket.socket, bytes]:
        """A new backend, and what it said before it was ready."""
        backend = socket.socket(socket.AF_UNIX)
        backend.connect(self._server)
        self._all.append(backend)
        words = b"user\0postgres\0database\0postgres\0\0"
        backend.sendall(struct.pack("!ii", 8 + len(words), 196608) + words)
        said = b""
        while True:
            kind, message = _message(backend)
            said += message
            if kind == b"Z":
                return backend, said

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, ValueError, struct.error):  # an end is closed under its hands
            (length, code) = struct.unpack("!ii", _exactly(client, 8))
            if code == _SSL_REQUEST:
                client.sendall(b"N")
                (length, code) = struct.unpack("!ii", _exactly(client, 8))
            _exactly(client, length - 8)
            with self._growing:
                if len(self._all) < self._size:
                    backend, self._greeting = self._backend()
                    self._idle.put(backend)
            client.sendall(self._greeting)
            while True:
                self._transaction(client)

    def _transaction(self, client: socket.socket) -> None:
        kind, message = _message(client)
        backend = self._idle.get()
        backend.sendall(message)
        pending, is_done = int(kind in _ENDS), False
        while not is_done:
            readable, _, _ = select.select([client, backend], [], [])
            for end in readable:
                kind, message = _message(end)
                if end is client:
                    backend.sendall(message)
                    pending += kind in _ENDS
                else:
                    client.sendall(message)
                    pending -= kind == b"Z"
                    is_done = kind == b"Z" and not pending and message[-1:] == b"I"
        self._idle.put(backend)


def _message(end: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(end, 5)
    return head[:1], head + _exactly(end, struct.unpack("!i", head[1:])[0] - 4)


def _exactly(end: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = end.recv(count - len(data))
        if not part:
            raise OSError("the other side has left")
        data += part
    return data
