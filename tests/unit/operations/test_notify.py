"""A message is posted, or a sentence says why not; the address is never told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reconciler.operations.notify import VARIABLE, post

SECRET = "T0KEN-of-the-webhook"


class Hook:
    """A webhook on loopback that keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[object] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?sig={SECRET}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, daemon=True)
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    thread.join()


def test_the_message_arrives_as_json(hook: Hook) -> None:
    assert post({"text": "Ås"}, {VARIABLE: hook.url}) == ""
    assert hook.bodies == [{"text": "Ås"}]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_told_and_no_redirect_is_followed(hook: Hook, status: int) -> None:
    hook.status = status
    problem = post({}, {VARIABLE: hook.url})
    assert str(status) in problem
    assert SECRET not in problem
    assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "nonsense", f"http://chat.example/{SECRET}", f"https://user:{SECRET}@chat.example/",
        f"ftp://chat.example/{SECRET}", f"https://chat.example/#{SECRET}", f"http://127.0.0.1:1/{SECRET}",
        f"https://[::1/{SECRET}", f"https://chat.example/{SECRET}\n", f"https://chat .example/{SECRET}",
    ],
)  # fmt: skip
def test_an_address_that_is_of_no_use_is_a_sentence_without_it(url: str) -> None:
    """Plain http to another machine among them."""
    problem = post({}, {VARIABLE: url})
    assert problem.startswith((VARIABLE, f"The webhook of {VARIABLE}"))
    assert SECRET not in problem
    assert "chat" not in problem
