"""A way to the test database that can be slow, cut, led elsewhere and counted: a port of this machine in front of the
server's Unix socket."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from reconciler.core.shared_state import SharedState

_PORT = 5432


@dataclass
class Traffic:
    """What passed: bytes to the server and from it, and how often the way was gone there and back."""

    sent: int = 0
    received: int = 0
    round_trips: int = 0


@dataclass
class Watch:
    """A moment to strike at: when the statement is on its way to the server; or, once_safe, when its transaction is
    committed and the client has been told."""

    statement: bytes
    strike: Callable[[], None]
    nth: int = 1
    once_safe: bool = False
    session: socket.socket | None = None


class DatabaseProxy:
    """Forwards bytes until it is cut; then it ends what is open and takes nothing new, until it is mended.

    delay: seconds that a round trip takes, half of it each way; it may be changed at any time.
    """

    def __init__(self, behind: SharedState, delay: float = 0.0) -> None:
        self._server = _socket_of(behind)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._asking: set[int] = set()
        self._is_cut = False
        self._passes = threading.Event()
        self._passes.set()
        self._watch: Watch | None = None
        self.delay = delay
        self.traffic = Traffic()
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

    def stall(self) -> None:
        """Let nothing pass, in either direction, and end nothing; what is sent meanwhile is kept."""
        self._passes.clear()

    def go_on(self) -> None:
        """Let pass what was kept, and what comes."""
        self._passes.set()

    def watch(self, watch: Watch | None) -> None:
        """Strike at that moment, once; a client that asks waits meanwhile."""
        self._watch = watch

    def lead_to(self, other: SharedState) -> None:
        """End all sessions; new ones reach another server."""
        self.cut()
        self._server = _socket_of(other)
        self.mend()

    def close(self) -> None:
        """End all of it."""
        self._passes.set()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                with self._lock:
                    try:
                        if self._is_cut:
                            raise ConnectionRefusedError
                        server.connect(self._server)
                    except OSError:  # nobody is there
                        client.close()
                        server.close()
                        continue
                    self._open += [client, server]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._join, args=(client, server), daemon=True).start()

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            ways = [
                threading.Thread(target=self._forward, args=(source, sink, asks), daemon=True)
                for source, sink, asks in ((client, server, True), (server, client, False))
            ]
            for way in ways:
                way.start()
            for way in ways:
                way.join()

    def _forward(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        arrivals: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, args=(arrivals, source, sink), daemon=True).start()
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._count(len(data), source if asks else sink, asks)
                if asks:
                    self._asked(source, data)
                arrivals.put((time.monotonic() + self.delay / 2, data))
        arrivals.put((time.monotonic() + self.delay / 2, b""))

    def _deliver(
        self, arrivals: queue.SimpleQueue[tuple[float, bytes]], source: socket.socket, sink: socket.socket
    ) -> None:
        with suppress(OSError):
            while True:
                due, data = arrivals.get()
                time.sleep(max(0.0, due - time.monotonic()))
                self._passes.wait()
                if not data:
                    break
                sink.sendall(data)
                self._answered(sink, data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _asked(self, client: socket.socket, data: bytes) -> None:
        watch = self._watch
        if watch is None or watch.session is not None or watch.statement not in data:
            return
        watch.nth -= 1
        if watch.nth == 0 and watch.once_safe:
            watch.session = client
        elif watch.nth == 0:
            self._watch = None
            watch.strike()

    def _answered(self, client: socket.socket, data: bytes) -> None:
        watch = self._watch
        if watch is not None and watch.session is client and b"COMMIT\0" in data:
            self._watch = None
            watch.strike()

    def _count(self, size: int, session: socket.socket, asks: bool) -> None:
        with self._lock:
            if asks:
                self.traffic.sent += size
                self._asking.add(id(session))
            else:
                self.traffic.received += size
                self.traffic.round_trips += id(session) in self._asking
                self._asking.discard(id(session))


def _socket_of(location: SharedState) -> str:
    (folder,) = parse_qs(urlsplit(location.url).query)["host"]
    return f"{folder}/.s.PGSQL.{_PORT}"


@contextmanager
def proxied(behind: SharedState, delay: float = 0.0) -> Iterator[DatabaseProxy]:
    """A way to the database that can be cut. delay: seconds that a round trip takes."""
    proxy = DatabaseProxy(behind, delay)
    try:
        yield proxy
    finally:
        proxy.close()
