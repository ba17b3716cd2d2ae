"""An ERP that answers as the real sandbox does, until one of its answers is struck: altered in status, head or body.

What the sandbox answers to a read is asked once and kept; a write is answered as if it were done. Whatever is sent back
is bytes on a socket, so that also what no HTTP library would send can be sent.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.sandbox import Sandbox

VERSION = '"AAAAAAAAB9E="'
CREATED = "9001"
"""The number of every customer that is created here; the sandbox has one of that number."""


@dataclass(frozen=True)
class Answer:
    """An answer of the ERP, before it is struck."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def sent(self) -> list[bytes]:
        """As bytes on the wire."""
        named = {**self.headers, "Content-Length": str(len(self.body))} if self.status != 204 else self.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return [f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode("latin-1"), self.body]


Strike = Callable[[Answer], Iterable[bytes]]
"""Makes of an answer what is sent: pieces, each at once; an empty piece is a short wait."""

KINDS = ("token", "list", "single", "class", "own", "create", "update", "action")


class StruckErp:
    """The server. `strike` is applied to the answers of `kind`: to the nth one, or from the nth one on."""

    def __init__(self, folder: Path, customers: int = 7) -> None:
        self.sandbox = Sandbox(folder / "erp" / "sandbox.db")
        self._customers = customers
        self._kept: dict[str, Answer] = {}
        self._keeping = threading.Lock()
        self.forgive()

    def strike(self, kind: str, strike: Strike, *, nth: int = 0, lasting: bool = False) -> None:
        """Do this to the nth answer of this kind, counted from 0; lasting: and to all after it."""
        self._kind, self._strike, self._nth, self._lasting = kind, strike, nth, lasting
        self.seen: Counter[str] = Counter()
        self.struck = 0

    def forgive(self) -> None:
        """Answer as the sandbox does."""
        self.strike("", lambda answer: answer.sent())

    def __enter__(self) -> StruckErp:
        self.sandbox.__enter__()
        self.sandbox.switch(rate_limit=10**8, numbering="mixed")
        self.sandbox.store.seed(self._customers, 1, start=1)
        self.sandbox.store.seed(1, 2, start=int(CREATED))
        erp = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    while erp._serve(self):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self._client = httpx.Client(trust_env=False)
        form = {"grant_type": "client_credentials", "client_id": self.sandbox.client_id, "tenant_id": "sandbox"}
        secret = {"client_secret": self.sandbox.client_secret, "scope": "vismanet_erp_service_api:read"}
        self._token = self._client.post(self.sandbox.token_url, data=form | secret)
        return self

    def __exit__(self, *about: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
        self.sandbox.__exit__(*about)

    def _serve(self, handler: socketserver.StreamRequestHandler) -> bool:
        """One request; whether the connection can take another one."""
        line = handler.rfile.readline(2**16).decode("latin-1").split()
        headers: dict[str, str] = {}
        while text := handler.rfile.readline(2**16).decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        if len(line) != 3:
            return False
        handler.rfile.read(int(headers.get("content-length", 0)))
        kind, answer = self._answer(line[0], line[1])
        with self._keeping:
            nth = self.seen[kind]
            self.seen[kind] += 1
            hit = kind == self._kind and (nth == self._nth or (self._lasting and nth > self._nth))
            self.struck += hit
        pieces = self._strike(answer) if hit else answer.sent()
        for piece in pieces:
            if not piece:
                time.sleep(0.02)
            handler.connection.sendall(piece)
        if hit:
            handler.connection.shutdown(socket.SHUT_RDWR)
        return not hit

    def _answer(self, method: str, target: str) -> tuple[str, Answer]:
        path = urlsplit(target).path
        if path == "/token":
            return "token", self._copied(self._token)
        if method == "PUT":
            return "update", Answer(204, {"ETag": VERSION})
        if method == "POST" and "/action/" in path:
            body = b'{"actionId": "1", "actionResult": "Done", "errorInfo": ""}'
            return "action", Answer(200, {"Content-Type": "application/json"}, body)
        if method == "POST":
            return "create", Answer(201, {"ETag": VERSION, "Location": f"{self.address}/v1/customer/{CREATED}"})
        last = path.rsplit("/", 1)[-1]
        kinds = {"customer": "list", "customerClass": "class", "note": "own", "salespersons": "own"}
        return kinds.get(last, "single"), self._read(target)

    def _read(self, target: str) -> Answer:
        with self._keeping:
            if target not in self._kept:
                bearer = {"Authorization": f"Bearer {self._token.json()['access_token']}"}
                self._kept[target] = self._copied(self._client.get(f"{self.sandbox.base_url}{target}", headers=bearer))
            return self._kept[target]

    @staticmethod
    def _copied(answer: httpx.Response) -> Answer:
        names = ("content-type", "etag", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
        return Answer(
            answer.status_code, {name: answer.headers[name] for name in names if name in answer.headers}, answer.content
        )
