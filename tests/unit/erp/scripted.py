"""A tiny HTTP server with scripted answers, for what no well-behaved ERP would do."""

from __future__ import annotations

import json
import socket
import struct
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from reconciler.erp.auth import Access
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.transport import Exchange, Hooks, Wait

TENANT = "2f1c0000-0000-4000-8000-000000000001"
CLIENT_ID = "isv_client_id_for_tests"
SECRET = "the-secret-of-the-tests"
NOW = 1_764_000_000.0

_Value = TypeVar("_Value", Access, Hooks)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer. `raw` replaces all of it; `cut` promises so many bytes more; `reset` drops the line."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int = 0
    reset: bool = False


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; header names are written with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | named)


TOKEN = {"access_token": "token-1", "expires_in": 3600, "token_type": "Bearer", "scope": "a b"}

Script = Reply | Callable[[Seen], Reply]


class Scripted(AbstractContextManager["Scripted"]):
    """`on(method, path, *answers)`: the answers come in turn, the last one for ever. /token is there."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], list[Script]] = defaultdict(list)
        self._lock = threading.Lock()
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                self._write(scripted.take(seen))

            def do_GET(self) -> None:
                self.handle_one()

            def do_POST(self) -> None:
                self.handle_one()

            def do_PUT(self) -> None:
                self.handle_one()

            def _write(self, answer: Reply) -> None:
                if answer.reset:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                if answer.raw is not None:
                    self.wfile.write(answer.raw)
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.body) + answer.cut))
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = self.close_connection or bool(answer.cut)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.on("POST", "/token", reply(TOKEN))

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def on(self, method: str, path: str, *answers: Script) -> None:
        """Replace what is answered to a method and path."""
        with self._lock:
            self._scripts[method, path] = list(answers)

    def take(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            script = self._scripts[seen.method, seen.path]
            if not script:
                return reply({"message": f"nothing scripted for {seen.method} {seen.path}"}, 418)
            answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(seen) if callable(answer) else answer

    def calls(self) -> list[tuple[str, str]]:
        """Method and path of each API call, in order."""
        return [(seen.method, seen.path) for seen in self.seen if seen.path != "/token"]

    def tokens(self) -> int:
        """How many tokens were asked for."""
        return sum(seen.path == "/token" for seen in self.seen)


class Client:
    """The real client on a scripted server. Its clock stands still but for sleeps, which take no real time."""

    def __init__(self, erp: Scripted) -> None:
        self.erp = erp
        self.now = NOW
        self.slept: list[float] = []
        self.waits: list[Wait] = []
        self.exchanges: list[Exchange] = []

    def open(self, **settings: Any) -> AbstractContextManager[Customers]:
        """settings: members of Access and of Hooks, and parameters of `open_customers`."""
        access = Access(self.erp.base_url, f"{self.erp.base_url}/token", TENANT, CLIENT_ID, SECRET)
        hooks = Hooks(self.sleep, lambda: self.now, self.exchanges.append, self.waits.append)
        given: dict[str, Any] = {"page_size": 10, "parallelism": 2, "timeout": 5.0, "trust_env": False} | settings
        return open_customers(_with(access, given), _with(hooks, given), **given)

    def sleep(self, seconds: float) -> None:
        """Take note, and let the time pass."""
        self.slept.append(seconds)
        self.now += seconds


def _with(value: _Value, members: dict[str, Any]) -> _Value:
    """The value with those of its members that are given, which are taken out of them."""
    names = [member.name for member in fields(value) if member.name in members]
    return replace(value, **{name: members.pop(name) for name in names})


def everything_about(error: BaseException) -> str:
    """All that a log, a debugger or a crash report could show of an error."""
    shown: list[str] = []
    at: BaseException | None = error
    while at is not None:
        shown += [str(at), repr(at), repr(vars(at)), getattr(at, "remedy", "")]
        at = at.__cause__ or at.__context__
    return "".join(shown) + "".join(str(frame.name) for frame in traceback.extract_tb(error.__traceback__))
