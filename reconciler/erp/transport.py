"""HTTP: the one module that knows httpx. Sends requests with a token; failures become the core's errors."""

from __future__ import annotations

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import httpx

from reconciler._version import __version__
from reconciler.core.errors import (
    AnswerLost,
    AuthenticationFailed,
    Conflict,
    ErpError,
    NotSent,
    PermissionDenied,
    RateLimited,
    Refused,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from reconciler.core.progress import Progress
from reconciler.core.timeouts import LONGEST_ANSWER
from reconciler.erp.answer import Answer
from reconciler.erp.answer_deadline import DeadlineTransport
from reconciler.erp.auth import Access, Token, TokenSource, read_token
from reconciler.erp.budget import Window, read_retry_after, read_window
from reconciler.erp.error_answers import fault, visible
from reconciler.erp.pace import Pacer
from reconciler.erp.proxies import proxies_of

MAX_BODY: Final = 64 * 2**20
"""Bytes of an answer, unpacked."""

ATTEMPTS: Final = 3
"""Tries of a request that fails in a way that may pass."""

_FAILING: Final = 2
"""Tries of one that the ERP answers 500: the same failing request is not hammered (fact sheet 8)."""

REFUSALS: Final = 5
"""How often one request may be answered 429, the wait obeyed each time, before that is the outcome."""

LONGEST_WAIT: Final = 120.0
"""Seconds; a longer Retry-After is not waited for here but reported."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_RAW = re.compile(rb"[\x21-\x7e]+")
_LOST_REMEDY = "Look at the customer before the write is repeated: it may be done."


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was sent: `path` without query, `status` None if no answer came, `attempt` from 1."""

    method: str
    path: str
    status: int | None
    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause before the next attempt: its length in seconds, and why."""

    seconds: float
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is passed in: `clock` gives epoch seconds; `observer` sees each request, from several threads, and `on_wait`
    each pause before it begins; `on_progress` hears how far a reading of many pages or customers is.

    reserve: calls of the rate window that are left to others. longest_wait: seconds to wait for a window, None for any.
    sharers: companies that may take from the window at a time. largest: bytes of an answer. `sleep` may raise NotSent
    to stop the run.
    """

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    observer: Callable[[Exchange], None] | None = None
    on_wait: Callable[[Wait], None] | None = None
    on_progress: Callable[[Progress], None] = lambda progress: None
    reserve: int = 0
    longest_wait: float | None = LONGEST_WAIT
    sharers: int = 1
    largest: int = MAX_BODY


_TELLING: Final = 8
"""Length from which on a client secret is taken out of messages: a shorter one would take common words along."""


class Transport:
    """Calls below one base URL, with a token that goes nowhere else. Safe to use from several threads."""

    def __init__(self, client: Client, access: Access, hooks: Hooks) -> None:
        self._client = client
        self._base = _Base(access.base_url)
        self._token_url = _url(access.token_url, "token_url")
        self._access = access
        self._hooks = hooks
        self._count = 0
        self._counting = threading.Lock()
        self.tokens = TokenSource(self._fetch_token, hooks.clock)
        self.window: Window | None = None
        self._pacer = Pacer(hooks.clock, self._pause_for_window, hooks.reserve, hooks.longest_wait, hooks.sharers)
        self._token_pacer = Pacer(
            hooks.clock, self._pause_for_window, 0, hooks.longest_wait, whose="the token endpoint's"
        )

    @property
    def requests(self) -> int:
        """How many API calls were sent so far, each attempt counted, token requests not."""
        return self._count

    def get(self, path: str, query: str = "") -> Answer:
        """Read; any 2xx answer comes back. Failures that may pass are tried again, `ATTEMPTS` times in all.

        `query` is percent-encoded already. Raises ErpErrors.
        """
        return self._persist(lambda attempt: self._attempt("GET", path, query=query, attempt=attempt), _may_pass)

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Write; any 2xx answer comes back. Raises ErpErrors, AnswerLost when it may be done.

        What surely did not reach the ERP is tried again (no connection, 429). A PUT carries a version, so that it can
        do no harm twice: it is also tried again when its answer was lost or the ERP failed. A 412 to such a later try
        may be our own earlier one: the Conflict says so. A later try that does not get through leaves the earlier one
        as unclear as it was. A POST is never repeated blindly.
        """
        lost: list[ErpError] = []

        def again(error: ErpError, attempt: int) -> bool:
            if isinstance(error, AnswerLost | ServerFailed):
                lost.append(error)
                return method == "PUT" and attempt < (_FAILING if error.status == 500 else ATTEMPTS)
            return _may_pass(error, attempt)

        try:
            return self._persist(
                lambda attempt: self._attempt(method, path, body=body, headers=headers, attempt=attempt), again
            )
        except Conflict as error:
            error.after_lost = bool(lost)
            raise
        except (NotSent, AuthenticationFailed, PermissionDenied, RateLimited, Unreachable):
            if not lost:
                raise
        raise lost[-1]

    def _persist(self, attempt: Callable[[int], Answer], again: Callable[[ErpError, int], bool]) -> Answer:
        """Try until it works or `again` says no. A 429 is no failure of ours: a pacer waits as long as it asks."""
        failures, refusals = 0, 0
        while True:
            try:
                return attempt(failures + refusals + 1)
            except RateLimited as error:
                refusals += 1
                if refusals > REFUSALS:
                    raise
                if error.retry_after is None:
                    self._wait(Wait(float(refusals), str(error), refusals))
            except (Unreachable, ServerFailed) as error:
                failures += 1
                if not again(error, failures):
                    raise
                reason = str(error)
                self._wait(Wait(float(2 ** (failures - 1)), reason, failures))

    def _attempt(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        attempt: int = 1,
    ) -> Answer:
        """One request; on a 401 exactly one more with a new token: what was answered 401 was not done."""
        url = self._base.url(path, query)
        content = {"Content-Type": "application/json"} if body is not None else {}
        token = self.tokens.current()
        for last in (False, True):
            bearer = {"Authorization": f"Bearer {token.text}"}
            request = self._client.request(method, url, {**content, **(headers or {}), **bearer}, content=body)
            answer = self._observed(request, path, attempt)
            if answer.status != 401 or last:
                break
            token = self.tokens.instead_of(token)
        if 200 <= answer.status < 300:
            return answer
        raise _failure(method, path, self._without_secrets(answer, token), self._hooks.clock())

    def _without_secrets(self, answer: Answer, token: Token) -> Answer:
        """An error body may echo the request: what opens doors must not reach a message or a log."""
        body = answer.body.replace(token.text.encode(), b"[token]")
        secret = self._access.client_secret
        return replace(answer, body=body.replace(secret.encode(), b"[secret]") if len(secret) >= _TELLING else body)

    def _observed(self, request: httpx.Request, path: str, attempt: int) -> Answer:
        self._pacer.admit()
        started = self._hooks.clock()
        answer: Answer | None = None
        with self._counting:
            self._count += 1
        try:
            answer = self._exchange(request)
        finally:
            self._learn(answer)
            if self._hooks.observer is not None:
                status = answer.status if answer is not None else None
                seconds = self._hooks.clock() - started
                self._hooks.observer(Exchange(request.method, path, status, seconds, attempt))
        return answer

    def _learn(self, answer: Answer | None) -> None:
        now = self._hooks.clock()
        window = read_window(answer.headers, now) if answer is not None else None
        refused = answer is not None and answer.status == 429
        wait = read_retry_after(answer.headers, now) if answer is not None and refused else None
        self._pacer.learn(window if not refused else None, wait, answered=answer is not None)
        self.window = window or self.window

    def _exchange(self, request: httpx.Request) -> Answer:
        """Raises outside of the `except`, so that no chain leads to a request with its secrets."""
        answer: Answer | None = None
        problem: Exception | None = None
        try:
            with closing(self._client.send(request)) as response:
                answer = Answer(response.status_code, _headers(response))
                _check_encoding(answer)
                answer = Answer(answer.status, answer.headers, self._read(response))
        except (httpx.HTTPError, _TooLargeError) as error:
            problem = error.with_traceback(None)
        if problem is None and answer is not None:
            return answer
        if answer is not None and (request.method != "GET" or answer.status >= 400):
            return Answer(answer.status, answer.headers, b"", whole=False)  # the status says what became of it
        raise _no_answer(request, problem)

    def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._hooks.largest:
                raise _TooLargeError(self._hooks.largest)
        return bytes(body)

    def _fetch_token(self) -> Token:
        """Raises ErpErrors, Unreachable for whatever may pass: no API call was sent. Called by one thread at a time."""
        request = self._client.request("POST", self._token_url, {}, data=self._access.form())
        failure: ErpError
        try:
            answer = self._token_answer(request)
        except UnexpectedAnswer:
            failure = UnexpectedAnswer("The token endpoint's answer is unreadable", remedy="Check token_url.")
        except Unreachable as error:
            failure = Unreachable(f"No access token: {error}", remedy=_REACH_REMEDY)
        else:
            if answer.whole and answer.status < 500:
                return read_token(answer, self._hooks.clock())
            why = f"the token endpoint failed ({answer.status})" if answer.whole else "the answer broke off"
            failure = Unreachable(f"No access token: {why}", remedy=_REACH_REMEDY)
        raise failure

    def _token_answer(self, request: httpx.Request) -> Answer:
        """All threads wait together for an endpoint that asks to wait."""
        self._token_pacer.admit()
        wait: float | None = None
        try:
            answer = self._exchange(request)
            if answer.status == 429:
                wait = read_retry_after(answer.headers, self._hooks.clock())
        finally:
            self._token_pacer.learn(None, wait)
        return answer

    def _pause_for_window(self, seconds: float, reason: str) -> None:
        self._wait(Wait(seconds, reason, 1))

    def _wait(self, wait: Wait) -> None:
        if self._hooks.on_wait is not None:
            self._hooks.on_wait(wait)
        self._hooks.sleep(wait.seconds)


_STANDING = {
    "User-Agent": f"reconciler/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}


class Client:
    """Sends requests of httpx by its transports: no cookie is kept, no redirect followed. Safe for several threads.

    `httpx.Client` does the same once these are switched off, and takes more CPU for it than for the sending
    (docs/decisions/0008-sync-httpx.md). direct: the way without a proxy. proxied: the ways to origins that have one.
    timeout: seconds of silence.
    """

    def __init__(self, direct: httpx.BaseTransport, proxied: Mapping[str, httpx.BaseTransport], timeout: float) -> None:
        self._direct = direct
        self._proxied = proxied
        self._extensions = {"timeout": httpx.Timeout(timeout).as_dict()}

    def request(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        *,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        """A request with what all have in common. content: the body. data: a form in its place."""
        return httpx.Request(
            method, url, headers={**_STANDING, **headers}, content=content, data=data, extensions=self._extensions
        )

    def send(self, request: httpx.Request) -> httpx.Response:
        """The answer, whose body is still to be read; close it. Raises httpx.TransportError."""
        way = self._direct
        if self._proxied:
            way = self._proxied.get(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}", way)
        return way.handle_request(request)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for way in (self._direct, *self._proxied.values()):
            way.close()


def open_client(
    *,
    parallelism: int,
    timeout: float,
    trust_env: bool,
    urls: Iterable[str] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Client:
    """Connections as this package uses them. Raises Unreachable on unusable proxy or certificate settings.

    trust_env: whether HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are honoured. urls: what requests will be sent to; a
    proxy is never asked for this machine itself. parallelism: how many threads send at once. timeout: seconds of
    silence. An answer as a whole, by the `clock` in seconds, may take no longer than the ERP is at work on one.
    """
    certificates = _certificates(trust_env)

    def transport(proxy: httpx.Proxy | None = None) -> httpx.BaseTransport:
        return DeadlineTransport(clock, LONGEST_ANSWER, certificates, parallelism, proxy)

    proxied = {origin: transport(proxy) for origin, proxy in proxies_of(urls if trust_env else ())}
    return Client(transport(), proxied, timeout)


_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def _certificates(trust_env: bool) -> ssl.SSLContext:
    """The certificates that are trusted. Raises Unreachable, outside of the `except`: no chain quotes a file."""
    try:
        return _loaded_certificates(*(os.environ.get(name) if trust_env else None for name in _CERTIFICATES))
    except (OSError, ssl.SSLError) as error:
        problem = f"The certificates cannot be loaded: {error.strerror or type(error).__name__}"
    raise Unreachable(problem, remedy=f"Check {' and '.join(_CERTIFICATES)}.")


@lru_cache(maxsize=4)
def _loaded_certificates(file: str | None, folder: str | None) -> ssl.SSLContext:
    """The certificates that are trusted, as httpx chooses them; reading the bundle takes longer than a request."""
    return httpx.create_ssl_context(trust_env=bool(file or folder))


class _TooLargeError(Exception):
    """A body over the bound."""


class _Base:
    """The base URL; a call's address is its text and the path's, never another origin, nor with `..`."""

    def __init__(self, base_url: str) -> None:
        self._url = _url(base_url, "base_url").copy_with(query=None, fragment=None)
        self._prefix = self._url.raw_path.rstrip(b"/")

    def url(self, path: str, query: str) -> httpx.URL:
        raw = self._prefix + path.encode() + (f"?{query}".encode() if query else b"")
        if path.startswith("/") and _RAW.fullmatch(raw):
            url = self._url.copy_with(raw_path=raw)
            if url.raw_path == raw:
                return url
        raise Refused(f"The path {visible(path)} is not one of the API's")


def _url(text: str, name: str) -> httpx.URL:
    problem = False
    try:
        url = httpx.URL(text)
        problem = url.scheme not in ("http", "https") or not url.host or bool(url.userinfo)
    except (httpx.InvalidURL, TypeError):
        problem = True
    if problem:
        raise Unreachable(f"{name} is no usable address", remedy=f"Set {name} to an https:// address without a user.")
    return url


def _check_encoding(answer: Answer) -> None:
    """One layer of gzip, as was asked for: each of several would multiply what a short answer grows to in memory."""
    if answer.headers.get("content-encoding", "").strip().lower() not in ("", "identity", "gzip"):
        raise httpx.DecodingError("an encoding that was not asked for")


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


_LARGE_REMEDY = "Lower api.page_size, or raise limits.answer_size in the settings."
_REACH_REMEDY = "Check the address, the network, and the proxy and certificate settings; then try again."


def _no_answer(request: httpx.Request, problem: Exception | None) -> ErpError:
    where = f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace')}"
    if isinstance(problem, _TooLargeError):
        most = problem.args[0] >> 20
        return UnexpectedAnswer(f"An answer of {where} is larger than {most} MiB", remedy=_LARGE_REMEDY)
    if isinstance(problem, httpx.DecodingError):
        return UnexpectedAnswer(f"An answer of {where} is not compressed as it says")
    cause = _cause(problem)
    if request.method == "GET" or isinstance(problem, _NOT_SENT):
        return Unreachable(f"No answer from {where}: {cause}", remedy=_REACH_REMEDY)
    lost = AnswerLost(f"The answer of {where} to {request.method} was lost: {cause}", remedy=_LOST_REMEDY)
    lost.late = isinstance(problem, httpx.TimeoutException)
    return lost


def _cause(problem: Exception | None) -> str:
    """Why no answer came. What h11 says of a broken answer quotes it, which could be a token endpoint's."""
    if isinstance(problem, httpx.RemoteProtocolError):
        return "it closed the connection early or does not speak HTTP"
    if isinstance(problem, httpx.TimeoutException):
        return "it took too long"
    return visible(str(problem) or type(problem).__name__, 200)


def _failure(method: str, path: str, answer: Answer, now: float) -> ErpError:
    """502 and 504 are the gateway's: whether the ERP behind it did the write is unknown (fact sheet 10)."""
    error = fault(method, path, answer, now)
    if method != "GET" and answer.status in (502, 504):
        lost = AnswerLost(str(error), remedy=_LOST_REMEDY, status=answer.status, reference=error.reference)
        lost.late = answer.status == 504
        return lost
    return error


def _may_pass(error: ErpError, attempt: int) -> bool:
    """Whether a failure of something harmless to repeat is worth another try."""
    return attempt < (_FAILING if error.status == 500 else ATTEMPTS)
