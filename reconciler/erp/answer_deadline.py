"""A bound on the time of a whole answer. httpcore has one on silence alone: a server that sends a byte now and then, or
`100 Continue` without end, would be listened to for ever.

The place for it is the maker of its connections (`network_backend`).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

_KEPT_FOR = 5.0  # seconds, as httpx does


def pool_with_deadline(
    clock: Callable[[], float],
    seconds: float,
    certificates: ssl.SSLContext,
    kept: int,
    proxy: httpx.Proxy | None = None,
) -> httpcore.ConnectionPool:
    """A pool of connections that gives up answers which are not whole `seconds` after their request was sent.

    clock: seconds. certificates: those that are trusted. kept: how many idle connections are kept. proxy: what the
    connections go through, None for none. Their number has no bound but the threads that send: httpcore goes on
    counting one whose TLS handshake failed behind a proxy, and with a bound the next request would wait for ever.
    """
    options: dict[str, Any] = {
        "ssl_context": certificates,
        "max_connections": None,
        "max_keepalive_connections": kept,
        "keepalive_expiry": _KEPT_FOR,
        "network_backend": _Connections(clock, seconds),
    }
    if proxy is None:
        return httpcore.ConnectionPool(**options)
    url = proxy.url
    address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return httpcore.HTTPProxy(address, proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, **options)


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
