"""How an answer is sent: whole, slowly, cut off, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from starlette.types import Receive, Send

from reconciler.sandbox.fault_injection import Fault


@dataclass
class Reply:
    """An answer held back whole."""

    status: int
    headers: dict[str, str]
    body: bytes


async def deliver(reply: Reply, fault: Fault | None, send: Send) -> None:
    """Send the answer as the fault says."""
    kind = fault.kind if fault is not None else ""
    if fault is not None and kind == "garble":
        reply.body = reply.body[: fault.bytes]
    await send({"type": "http.response.start", "status": reply.status, "headers": _raw_headers(reply)})
    if fault is not None and kind == "drip":
        await _drip(reply.body, fault, send)
    elif fault is not None and kind == "truncate":
        await send({"type": "http.response.body", "body": reply.body[: fault.bytes], "more_body": True})
        close_connection(send)
    else:
        await send({"type": "http.response.body", "body": reply.body})


def _raw_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    if reply.status != 204:
        headers["content-length"] = str(len(reply.body))
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def _drip(body: bytes, fault: Fault, send: Send) -> None:
    size = max(1, fault.bytes)
    for start in range(0, len(body), size):
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
        await asyncio.sleep(fault.seconds)
    await send({"type": "http.response.body", "body": b""})


async def wait_for_hangup(receive: Receive, seconds: float) -> None:
    """Wait until the client gives up, for `seconds` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass


def reset_connection(send: Send) -> None:
    """End the connection with a TCP reset. Raises ConnectionResetError where there is no socket."""
    transport = _transport(send)
    socket = transport.get_extra_info("socket")
    if socket is not None:
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def close_connection(send: Send) -> None:
    """Close the connection normally, even if a part of the body is still missing."""
    _transport(send).close()


def _transport(send: Send) -> Any:
    """uvicorn hands `send` of its request cycle to the application, and the cycle knows its transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox dropped the connection")
    return transport
