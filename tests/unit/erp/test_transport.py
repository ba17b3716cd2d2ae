"""What can go wrong on the way, against a real server that does it."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.core import errors
from reconciler.core.ports import Need
from reconciler.erp.customers import Customers
from reconciler.erp.transport import ATTEMPTS, REFUSALS, Exchange
from tests.unit.erp.scripted import TOKEN, Client, Reply, Scripted, everything_about, reply
from tests.unit.erp.test_customers import LIST, POST, PUT, row

DATA = Path(__file__).parents[2] / "data"
NAMES = Need(frozenset(), {})
ONE = f"{LIST}/1"
EMPTY = reply([])

LOST = [
    Reply(reset=True),
    Reply(raw=b""),
    Reply(raw=b"HTTP/1.1 2"),
    Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
    Reply(raw=b"this is no HTTP\r\n\r\n"),
    Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000),
]


@pytest.mark.parametrize("answer", LOST)
def test_a_read_without_answer_is_tried_again_and_then_unreachable(
    erp: Scripted, client: Client, customers: Customers, answer: Reply
) -> None:
    erp.on("GET", LIST, answer)
    with pytest.raises(errors.Unreachable) as caught:
        customers.check()
    assert type(caught.value) is errors.Unreachable
    assert len(erp.calls()) == ATTEMPTS
    assert client.slept == [1.0, 2.0]
    assert erp.base_url in str(caught.value)


@pytest.mark.parametrize("answer", LOST)
def test_a_create_without_answer_is_lost_and_never_repeated(
    erp: Scripted, client: Client, customers: Customers, answer: Reply
) -> None:
    erp.on("POST", LIST, answer)
    with pytest.raises(errors.AnswerLost) as caught:
        customers.send(POST)
    assert caught.value.remedy
    assert (len(erp.calls()), client.slept) == (1, [])


@pytest.mark.parametrize("answer", LOST)
def test_an_update_without_answer_is_repeated_with_its_version_and_then_lost(
    erp: Scripted, client: Client, customers: Customers, answer: Reply
) -> None:
    erp.on("PUT", PUT.path, answer)
    with pytest.raises(errors.AnswerLost) as caught:
        customers.send(PUT)
    assert caught.value.remedy
    assert (len(erp.calls()), client.slept) == (ATTEMPTS, [1.0, 2.0])
    sent = [seen for seen in erp.seen if seen.method == "PUT"]
    assert {(seen.headers["if-match"], seen.body) for seen in sent} == {(f'"{PUT.if_match}"', sent[0].body)}


def test_an_update_whose_answer_was_lost_once_is_done_by_the_next_try(
    erp: Scripted, client: Client, customers: Customers
) -> None:
    erp.on("PUT", PUT.path, Reply(reset=True), Reply(204, b"", {"ETag": '"AAAAAAAAB9E="'}))
    assert customers.send(PUT).version == "AAAAAAAAB9E="
    assert [(each.status, each.attempt) for each in client.exchanges] == [(None, 1), (204, 2)]


@pytest.mark.parametrize(
    ("before", "lost"),
    [
        ([], False),
        ([Reply(429, b"", {"Retry-After": "0"})], False),
        ([Reply(401)], False),
        ([Reply(reset=True)], True),
        ([Reply(502)], True),
        ([Reply(503)], True),
        ([Reply(500), Reply(429)], True),
    ],
    ids=["nothing", "429", "401", "reset", "502", "503", "500 and 429"],
)
def test_a_conflict_says_whether_the_other_version_may_be_our_own(
    erp: Scripted, customers: Customers, before: list[Reply], lost: bool
) -> None:
    erp.on("PUT", PUT.path, *before, Reply(412))
    with pytest.raises(errors.Conflict) as caught:
        customers.send(PUT)
    assert caught.value.after_lost is lost


@pytest.mark.parametrize("first", [Reply(reset=True), Reply(502), Reply(503)])
@pytest.mark.parametrize("later", [401, 403, 429])
def test_a_try_that_does_not_get_through_leaves_the_lost_one_before_it_unclear(
    erp: Scripted, customers: Customers, first: Reply, later: int
) -> None:
    erp.on("PUT", PUT.path, first, Reply(later))
    with pytest.raises((errors.AnswerLost, errors.ServerFailed)) as caught:
        customers.send(PUT)
    assert caught.value.status == (None if first.reset else first.status)


def test_a_refusal_after_a_lost_try_is_the_outcome(erp: Scripted, customers: Customers) -> None:
    erp.on("PUT", PUT.path, Reply(reset=True), reply({"message": "no such class"}, 400))
    with pytest.raises(errors.Rejected, match="no such class"):
        customers.send(PUT)


def test_a_run_that_is_stopped_between_two_tries_does_not_say_that_nothing_was_sent(
    erp: Scripted, client: Client
) -> None:
    def stopped(_: float) -> None:
        raise errors.NotSent("the run was stopped")

    erp.on("PUT", PUT.path, Reply(reset=True))
    with client.open(sleep=stopped) as customers, pytest.raises(errors.AnswerLost):
        customers.send(PUT)
    assert len(erp.calls()) == 1


@pytest.mark.parametrize("request_", [PUT, POST])
def test_a_write_that_never_left_is_tried_again_and_not_lost(client: Client, request_: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with client.open(base_url=f"http://127.0.0.1:{port}") as customers, pytest.raises(errors.Unreachable) as caught:
        customers.send(request_)
    assert type(caught.value) is errors.Unreachable
    assert client.slept == [1.0, 2.0]


@pytest.mark.parametrize("failure", [Reply(reset=True), Reply(503), Reply(200, b"{", cut=9)])
def test_a_create_waits_for_its_token_since_nothing_was_sent(
    erp: Scripted, client: Client, customers: Customers, failure: Reply
) -> None:
    erp.on("POST", "/token", failure, reply(TOKEN))
    erp.on("POST", LIST, Reply(201, b"", {"Location": "/v1/customer/7"}))
    assert customers.send(POST).number == "7"
    assert (client.slept, erp.calls()) == ([1.0], [("POST", LIST)])


@pytest.mark.parametrize("request_", [PUT, POST])
def test_a_write_without_token_is_not_lost(erp: Scripted, customers: Customers, request_: Any) -> None:
    erp.on("POST", "/token", Reply(reset=True))
    with pytest.raises(errors.Unreachable, match="No access token") as caught:
        customers.send(request_)
    assert type(caught.value) is errors.Unreachable
    assert erp.calls() == []


def test_silence_ends_with_the_timeout(erp: Scripted, client: Client) -> None:
    quiet = threading.Event()

    def stall(_: object) -> Reply:
        quiet.wait(10)
        return EMPTY

    erp.on("PUT", PUT.path, stall)
    with client.open(timeout=0.05) as customers, pytest.raises(errors.AnswerLost, match="too long"):
        customers.send(PUT)
    quiet.set()
    assert len(erp.calls()) == ATTEMPTS


def test_a_write_whose_body_is_cut_was_still_answered(erp: Scripted, customers: Customers) -> None:
    erp.on("POST", LIST, Reply(201, b"{", {"Location": "/v1/customer/7"}, cut=10))
    assert customers.send(POST).number == "7"
    erp.on("PUT", PUT.path, Reply(400, b'{"message', cut=10))
    with pytest.raises(errors.Rejected):
        customers.send(PUT)


def test_a_read_whose_body_is_cut_is_tried_again(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("GET", LIST, Reply(200, b"[", cut=10), EMPTY)
    customers.check()
    assert [exchange.attempt for exchange in client.exchanges] == [1, 2]


@pytest.mark.parametrize("body", [b"", b"[", b"<html>Sign in</html>", b'[{"a":1}', b"\xff", b"nonsense", b"[" * 9999])
def test_a_list_that_is_not_json_is_unexpected(erp: Scripted, customers: Customers, body: bytes) -> None:
    erp.on("GET", LIST, Reply(200, body))
    with pytest.raises(errors.UnexpectedAnswer, match="is not JSON"):
        customers.check()
    assert len(erp.calls()) == 1


@pytest.mark.parametrize("body", [{}, "x", 7, None, {"message": "x"}])
def test_a_list_of_another_shape_is_unexpected(erp: Scripted, customers: Customers, body: Any) -> None:
    erp.on("GET", LIST, reply(body))
    with pytest.raises(errors.UnexpectedAnswer, match="array"):
        customers.check()


@pytest.mark.parametrize("body", [[], "x", None])
def test_a_customer_of_another_shape_is_unexpected(erp: Scripted, customers: Customers, body: Any) -> None:
    erp.on("GET", ONE, reply(body))
    with pytest.raises(errors.UnexpectedAnswer, match="object"):
        customers.customer("1", NAMES)


@pytest.mark.parametrize("status", [201, 202, 204, 302, 304])
def test_a_read_takes_nothing_but_200(erp: Scripted, customers: Customers, status: int) -> None:
    erp.on("GET", ONE, Reply(status, b""))
    with pytest.raises(errors.UnexpectedAnswer, match=str(status)):
        customers.customer("1", NAMES)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_is_asked_again(erp: Scripted, client: Client, customers: Customers, status: int) -> None:
    erp.on("GET", LIST, Reply(status, b"<html>down</html>"), EMPTY)
    customers.check()
    assert client.slept == [1.0]
    assert [(wait.seconds, wait.attempt) for wait in client.waits] == [(1.0, 1)]
    assert str(status) in client.waits[0].reason
    erp.on("GET", LIST, Reply(status))
    with pytest.raises(errors.ServerFailed):
        customers.check()


@pytest.mark.parametrize("status", [400, 403, 404, 412])
def test_a_refused_read_is_not_repeated(erp: Scripted, customers: Customers, status: int) -> None:
    erp.on("GET", LIST, Reply(status))
    with pytest.raises(errors.ErpError):
        customers.check()
    assert len(erp.calls()) == 1


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "60"}])
@pytest.mark.parametrize("seconds", [1, 17, 120])
def test_retry_after_is_obeyed_to_the_second(
    erp: Scripted, client: Client, customers: Customers, seconds: int, headers: dict[str, str]
) -> None:
    erp.on("GET", LIST, Reply(429, b"", {"Retry-After": str(seconds), **headers}), EMPTY)
    customers.check()
    assert client.slept == [float(seconds)]
    assert [wait.seconds for wait in client.waits] == [float(seconds)]


def test_a_wait_that_is_too_long_is_not_waited_for(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("GET", LIST, Reply(429, b"", {"Retry-After": "1800"}))
    with pytest.raises(errors.NotSent, match="1800 s") as caught:
        customers.check()
    assert caught.value.remedy
    assert (len(erp.calls()), client.slept) == (1, [])


def test_any_wait_is_waited_for_when_it_may_be(erp: Scripted, client: Client) -> None:
    erp.on("GET", LIST, Reply(429, b"", {"Retry-After": "1800"}), EMPTY)
    with client.open(longest_wait=None) as customers:
        customers.check()
    assert client.slept == [1800.0]


@pytest.mark.parametrize("request_", [PUT, POST])
def test_a_write_that_was_answered_429_was_not_done_and_is_sent_when_the_wait_is_over(
    erp: Scripted, client: Client, customers: Customers, request_: Any
) -> None:
    done = Reply(204) if request_ is PUT else Reply(201, b"", {"Location": "/v1/customer/7"})
    erp.on(request_.method, request_.path, Reply(429, b"", {"Retry-After": "3"}), Reply(429), done)
    assert customers.send(request_).number in ("10000", "7")
    assert client.slept == [3.0, 2.0]


@pytest.mark.parametrize("request_", [PUT, POST])
def test_a_write_that_is_answered_429_for_ever_is_limited(
    erp: Scripted, client: Client, customers: Customers, request_: Any
) -> None:
    erp.on(request_.method, request_.path, Reply(429, b"<h1>Slow down</h1>"))
    with pytest.raises(errors.RateLimited, match="Slow down"):
        customers.send(request_)
    assert (len(erp.calls()), client.slept) == (REFUSALS + 1, [1.0, 2.0, 3.0, 4.0, 5.0])


def test_the_token_endpoints_wait_is_obeyed_too(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("POST", "/token", Reply(429, b"", {"Retry-After": "9"}), reply(TOKEN))
    erp.on("GET", LIST, EMPTY)
    customers.check()
    assert (client.slept, erp.tokens()) == ([9.0], 2)
    assert "token endpoint" in client.waits[0].reason


def test_all_threads_wait_for_the_token_together(erp: Scripted, client: Client, customers: Customers) -> None:
    from concurrent.futures import ThreadPoolExecutor

    erp.on("POST", "/token", Reply(429, b"", {"Retry-After": "9"}), reply(TOKEN))
    erp.on("GET", LIST, EMPTY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: customers.check(), range(4)))
    assert (client.slept, erp.tokens()) == ([9.0], 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, errors.ServerFailed),
        (503, errors.ServerFailed),
        (502, errors.AnswerLost),
        (504, errors.AnswerLost),
    ],
)
def test_a_failed_create_is_never_repeated_and_a_failed_update_is(
    erp: Scripted, client: Client, customers: Customers, status: int, kind: type[Exception]
) -> None:
    tries = {"POST": 1, "PUT": 2 if status == 500 else ATTEMPTS}  # the same failing request is not hammered
    for request in (POST, PUT):
        erp.on(request.method, request.path, Reply(status, b"<h1>Bad Gateway</h1>"))
        with pytest.raises(kind, match="Bad Gateway") as caught:
            customers.send(request)
        assert type(caught.value) is kind
        assert erp.calls().count((request.method, request.path)) == tries[request.method]
    assert client.slept == [1.0, 2.0][: tries["PUT"] - 1]


@pytest.mark.parametrize("request_", [PUT, POST])
@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422])
def test_a_refused_write_is_not_repeated(
    erp: Scripted, client: Client, customers: Customers, status: int, request_: Any
) -> None:
    erp.on(request_.method, request_.path, Reply(status))
    with pytest.raises(errors.ErpError):
        customers.send(request_)
    assert (len(erp.calls()), client.slept) == (1, [])


def test_an_error_that_echoes_the_request_shows_no_token(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, Reply(400, b'{"message": "headers: Authorization: Bearer token-1, Accept: x"}'))
    with pytest.raises(errors.Rejected) as caught:
        list(customers.stream(Need(frozenset(), {})))
    assert "token-1" not in str(caught.value)
    assert "[token]" in str(caught.value)


def test_each_request_is_observed(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("GET", LIST, Reply(503), Reply(reset=True), EMPTY)
    customers.check()
    assert client.exchanges == [
        Exchange("GET", LIST, 503, 0.0, 1),
        Exchange("GET", LIST, None, 0.0, 2),
        Exchange("GET", LIST, 200, 0.0, 3),
    ]
    assert customers.requests == 3


def test_the_rate_window_of_the_last_answer_is_known(erp: Scripted, customers: Customers) -> None:
    assert customers.window is None
    erp.on("GET", LIST, Reply(403, b"", {"X-RateLimit-Remaining": "3"}))
    with pytest.raises(errors.PermissionDenied):
        customers.check()
    assert customers.window is not None
    assert customers.window.remaining == 3


def test_gzip_is_asked_for_and_read(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", ONE, Reply(200, gzip.compress(reply(row(1)).body), {"Content-Encoding": "gzip"}))
    assert customers.customer("1", NAMES).name == "Customer 1"
    assert erp.seen[-1].headers["accept-encoding"] == "gzip"
    assert erp.seen[-1].headers["user-agent"].startswith("reconciler/")


def test_garbled_compression_is_unexpected(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", ONE, Reply(200, b"not gzip", {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.UnexpectedAnswer, match="not compressed"):
        customers.customer("1", NAMES)


def test_a_body_without_bound_is_refused(erp: Scripted, client: Client) -> None:
    bomb = gzip.compress(b" " * (2 << 20))
    erp.on("GET", ONE, Reply(200, bomb, {"Content-Encoding": "gzip"}))
    with (
        client.open(largest=1 << 20) as customers,
        pytest.raises(errors.UnexpectedAnswer, match="larger than 1 MiB"),
    ):
        customers.customer("1", NAMES)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))), ("deflate", zlib.compress), ("br", bytes)],
)
def test_an_encoding_that_was_not_asked_for_is_not_undone(
    erp: Scripted, customers: Customers, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """Layers of compression multiply: 300 bytes in three become gigabytes before any bound on the body is looked at."""
    erp.on("GET", ONE, Reply(200, pack(reply(row(1)).body), {"Content-Encoding": encoding}))
    with pytest.raises(errors.UnexpectedAnswer, match="not compressed"):
        customers.customer("1", NAMES)
    erp.on("PUT", PUT.path, Reply(204, b"", {"Content-Encoding": encoding}))
    customers.send(PUT)


def test_an_answer_that_drips_for_ever_is_given_up(erp: Scripted, client: Client) -> None:
    step = 0.0

    def clock() -> float:
        client.now += step
        return client.now

    erp.on("POST", "/token", reply(TOKEN | {"expires_in": 10**8}))
    erp.on("GET", ONE, reply(row(1)))
    with client.open(clock=clock) as customers:
        assert customers.customer("1", NAMES).number == "1"
        step = 400.0
        with pytest.raises(errors.Unreachable, match="took too long"):
            customers.customer("1", NAMES)


def test_no_cookie_is_kept_or_sent(erp: Scripted, customers: Customers) -> None:
    """One that is no ASCII could not even be sent back."""
    for cookie in ("a=b", "\xff", "\xff=\xff"):
        erp.on("GET", LIST, reply([], Set_Cookie=cookie))
        customers.check()
    assert all("cookie" not in seen.headers for seen in erp.seen)


def test_what_comes_before_an_answer_without_end_is_given_up(erp: Scripted, client: Client) -> None:
    step = 0.0

    def clock() -> float:
        client.now += step
        return client.now

    erp.on("POST", "/token", reply(TOKEN | {"expires_in": 10**8}))
    erp.on("GET", LIST, EMPTY)
    erp.on("GET", ONE, Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 2**17))
    with client.open(clock=clock) as customers:
        customers.check()
        step = 20.0
        with pytest.raises(errors.Unreachable, match="took too long"):
            customers.customer("1", NAMES)


def test_a_token_answer_that_breaks_off_is_asked_for_again(erp: Scripted, customers: Customers) -> None:
    erp.on("POST", "/token", Reply(200, b'{"access', cut=5), reply(TOKEN))
    erp.on("GET", LIST, EMPTY)
    customers.check()
    assert erp.tokens() == 2


def test_a_base_url_may_have_a_path(erp: Scripted, client: Client) -> None:
    erp.on("GET", "/API/controller/api/v1/customer", EMPTY)
    with client.open(base_url=f"{erp.base_url}/API/controller/api/") as customers:
        customers.check()
    assert erp.calls() == [("GET", "/API/controller/api/v1/customer")]


@pytest.mark.parametrize("address", ["", "ftp://host", "//host", "https://", "http://u:p@host", "http://\x00"])
@pytest.mark.parametrize("name", ["base_url", "token_url"])
def test_an_unusable_address_is_named(client: Client, name: str, address: str) -> None:
    with pytest.raises(errors.Unreachable, match=name) as caught, client.open(**{name: address}):
        pass
    assert "u:p" not in str(caught.value)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_the_environments_proxy_is_used(erp: Scripted, client: Client, environment: pytest.MonkeyPatch) -> None:
    erp.on("GET", LIST, EMPTY)
    environment.setenv("HTTP_PROXY", erp.base_url)
    away = {"base_url": "http://erp.invalid", "token_url": "http://erp.invalid/token"}
    with client.open(trust_env=True, **away) as customers:
        customers.check()
    assert erp.seen[-1].target.startswith("http://erp.invalid/v1/customer?")


@pytest.mark.parametrize("trust_env", [True, False])
def test_this_machine_is_never_proxied(
    erp: Scripted, client: Client, environment: pytest.MonkeyPatch, trust_env: bool
) -> None:
    erp.on("GET", LIST, EMPTY)
    environment.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with client.open(trust_env=trust_env) as customers:
        customers.check()


def test_no_address_of_this_machine_is_proxied(client: Client, environment: pytest.MonkeyPatch) -> None:
    """Plain http is taken for all of 127.0.0.0/8: a proxy would see the secret and the token in clear."""
    with Scripted() as proxy:
        environment.setenv("HTTP_PROXY", proxy.base_url)
        here = {"base_url": "http://127.8.9.1:1", "token_url": "http://127.8.9.2:1/token"}
        with client.open(trust_env=True, **here) as customers, pytest.raises(errors.Unreachable):
            customers.check()
    assert proxy.seen == []


@contextmanager
def impostor() -> Iterator[int]:
    """A server with a certificate that nobody vouches for, also as a proxy that leads every CONNECT to itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "impostor.pem")

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed at the end
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    if connection.recv(1, socket.MSG_PEEK) == b"C":
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    with context.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(65536)
                        secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("way", ["direct", "through a proxy"])
@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_always_checked(
    client: Client, environment: pytest.MonkeyPatch, way: str, trusted: bool
) -> None:
    """Whoever answers must have a certificate that is trusted, and that is for the host."""
    with impostor() as port:
        host = "127.0.0.1" if way == "direct" else "impostor.invalid"
        environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        if trusted:
            environment.setenv("SSL_CERT_FILE", str(DATA / "impostor.pem"))
        with client.open(base_url=f"https://{host}:{port}", trust_env=True) as customers:
            if trusted:
                customers.check()
            else:
                with pytest.raises(errors.Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                    customers.check()


def test_a_certificate_for_another_host_is_not_taken(client: Client, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SSL_CERT_FILE", str(DATA / "impostor.pem"))
    with (
        impostor() as port,
        client.open(base_url=f"https://localhost:{port}", trust_env=True) as customers,
        pytest.raises(errors.Unreachable, match="Hostname mismatch"),
    ):
        customers.check()


def test_certificates_of_the_environment_count(client: Client, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with client.open(trust_env=False):
        pass
    with pytest.raises(errors.Unreachable, match="certificates"), client.open(trust_env=True):
        pass


AWAY = {"base_url": "https://erp.invalid", "token_url": "https://erp.invalid/token"}


@pytest.mark.parametrize(
    "address", ["socks5://user:hush@proxy", "gopher://user:hush@proxy", "http://user:hush@proxy:port"]
)
def test_an_unusable_proxy_is_reported_without_its_password(
    client: Client, environment: pytest.MonkeyPatch, address: str
) -> None:
    environment.setenv("ALL_PROXY", address)
    problem = "SOCKS proxies are not supported" if "socks" in address else "address of the proxy"
    with pytest.raises(errors.Unreachable, match=problem) as caught, client.open(trust_env=True, **AWAY):
        pass
    assert "NO_PROXY" in caught.value.remedy
    assert "hush" not in everything_about(caught.value)


@pytest.mark.parametrize("address", ["socks5://proxy", "gopher://proxy"])
def test_an_unusable_proxy_does_not_concern_this_machine(
    erp: Scripted, client: Client, environment: pytest.MonkeyPatch, address: str
) -> None:
    erp.on("GET", LIST, EMPTY)
    environment.setenv("ALL_PROXY", address)
    with client.open(trust_env=True) as customers:
        customers.check()


@pytest.mark.parametrize("exception", ["*", "erp.invalid", ".invalid", "x.org, erp.invalid:8443"])
def test_no_proxy_excepts_hosts(client: Client, environment: pytest.MonkeyPatch, exception: str) -> None:
    environment.setenv("HTTPS_PROXY", "socks5://proxy")
    environment.setenv("NO_PROXY", exception)
    urls = {name: url.replace("invalid", "invalid:8443") for name, url in AWAY.items()}
    with client.open(trust_env=True, **(urls if ":" in exception else AWAY)):
        pass
