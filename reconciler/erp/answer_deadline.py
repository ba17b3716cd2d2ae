"""A bound on the time of a whole answer. httpx has one on silence alone: a server that sends a byte now and then, or
`100 Continue` without end, would be listened to for ever."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx


def bound(client: httpx.Client, clock: Callable[[], float], seconds: float) -> None:
    """Give up answers that are not whole so many seconds after their request was sent.

    httpx makes its connections itself and takes no other maker of them: it is put in where httpcore keeps its own. The
    versions of httpx that this fits are pinned.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool
            pool._network_backend = _Connections(pool._network_backend, clock, seconds)


class _Connections(httpcore.NetworkBackend):
    """Makes connections whose answers are due."""

    def __init__(self, made_by: httpcore.NetworkBackend, clock: Callable[[], float], seconds: float) -> None:
        self._made_by = made_by
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
        made = self._made_by.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Connection(made, self._clock, self._seconds)


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
