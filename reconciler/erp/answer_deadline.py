"""A bound on the time of a whole answer. httpx has one on silence alone: a server that sends a byte now and then, or
`100 Continue` without end, would be listened to for ever.

httpx offers no place for it, httpcore does: the maker of its connections (`network_backend`). So this is a transport of
httpx over httpcore's pools, as httpx has its own.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

_KEPT_FOR = 5.0  # seconds, as httpx does

_HTTPCORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class DeadlineTransport(httpx.BaseTransport):
    """A pool of connections that gives up answers which are not whole `seconds` after their request was sent.

    clock: seconds. certificates: those that are trusted. kept: how many idle connections are kept. proxy: what the
    connections go through, None for none. Their number has no bound but the threads that send: httpcore goes on
    counting one whose TLS handshake failed behind a proxy, and with a bound the next request would wait for ever.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        seconds: float,
        certificates: ssl.SSLContext,
        kept: int,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "ssl_context": certificates,
            "max_connections": None,
            "max_keepalive_connections": kept,
            "keepalive_expiry": _KEPT_FOR,
            "network_backend": _Connections(clock, seconds),
        }
        self._pool: httpcore.ConnectionPool
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**options)
        else:
            self._pool = httpcore.HTTPProxy(
                _core_url(proxy.url), proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, **options
            )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and answer with the body still to be read. Raises httpx.TransportError."""
        core_request = httpcore.Request(
            request.method,
            _core_url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx_errors():
            response = self._pool.handle_request(core_request)
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """httpx names its errors as httpcore does."""
    try:
        yield
    except _HTTPCORE_ERRORS as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error


class _Connections(httpcore.NetworkBackend):
    """Makes connections whose answers are due."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._sockets = httpcore.SyncBackend()
        self._clock = clock
        self._seconds = seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._sockets.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Connection(stream, self._clock, self._seconds)


class _Connection(httpcore.NetworkStream):
    """Each request that is written moves the moment at which its answer is due."""

    def __init__(self, stream: httpcore.NetworkStream, clock: Callable[[], float], seconds: float) -> None:
        self._stream = stream
        self._clock = clock
        self._seconds = seconds
        self._due = clock() + seconds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._due - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("dripping")
        return self._stream.read(max_bytes, left if timeout is None else min(left, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._due = self._clock() + self._seconds
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Connection(self._stream.start_tls(ssl_context, server_hostname, timeout), self._clock, self._seconds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
