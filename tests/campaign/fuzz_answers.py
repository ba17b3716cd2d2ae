"""Strategies for what an ERP, a proxy or an attacker may answer: strikes at status, head and body of a sound answer."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from tests.campaign.fuzz_erp import KINDS, Answer, Strike
from tests.campaign.fuzz_texts import ODD_TEXTS, altered

RAW = [
    "null", "true", "false", "0", "-1", "1.5", "-0", "1e5", "1e999999999", "-1e-999999999", "1E400", "NaN", "Infinity",
    "9" * 30, "9" * 5000, "0." + "1" * 5000, '""', '" "', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"\\u001b[2J"', "[]",
    "{}",
    "[[]]", "[null]", "[1]", "{\"value\": null}", '"' + "x" * 100_000 + '"', "[" * 100_000, '{"a":' * 5000, "12.0",
    '"12"',
    '"2026-02-30"', '"0001-01-01T00:00:00"', '"9999-12-31T23:59:59.9999999+14:00"', '"AAAAAAAAB9E="', '"a/b?c#d"',
    '".."', '"1"',
]  # fmt: skip
"""JSON, or nearly, to stand in the place of a value."""

HEADERS = {
    "Retry-After": ["0", "1", "-1", "1e9", "9" * 400, "nan", "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 99 Foo 0000", "",
    "1, 2", "١"],
    "X-RateLimit-Remaining": ["0", "-1", "x", "9" * 400, "0.5"],
    "X-RateLimit-Reset": ["0", "-5", "9" * 15, "9" * 400, "x", "1e400"],
    "X-RateLimit-Limit": ["0", "-1", "x"],
    "ETag": ["", '""', "W/", 'W/"x"', "\x80\xff", '"' + "x" * 9000 + '"', '"a"b"', "'", '"AAAAAAAAB9F="'],
    "Location": [
        "", "/", "/v1/customer/", "/v1/customer/..", "http://[::1", "http://evil.example/v1/customer/1",
        "/v1/customer/%ff",
        "/v1/customer/b64(!)", "/v1/customer/b64()", "x" * 9000, "/v1/customer/9001?x", "/v1/customer/%00",
        "/v1/customer/%1b[2J",
        "//", "http://a:99999999/v1/customer/1", "/v1/customer/1/2", "\xff", "/v1/customer/" + "9" * 5000,
    ],
    "Content-Type": ["", "text/html", "application/json; charset=utf-16", "x" * 5000, "\xff"],
    "Content-Encoding": ["gzip", "deflate", "br", "gzip, gzip", "identity", "x", ""],
    "Content-Length": ["0", "-1", "1", "999999999999999999999", "x", "5, 5", "5, 6", ""],
    "Transfer-Encoding": ["chunked", "gzip, chunked", "x", "chunked, chunked"],
    "Connection": ["close", "upgrade", "keep-alive, close"],
    "Set-Cookie": ["a=b", "\xff", "x" * 9000],
    "X": ["a\x00b", "a\x1bb", "\x7f", "a" * 70_000],
}  # fmt: skip
STATUSES = [
    200, 201, 202, 203, 204, 206, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 413,
    415, 418, 422,
    423, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 520, 599, 600, 999,
]  # fmt: skip
HEADS = [
    b"", b"\r\n\r\n", b"HTTP/1.1 99 X\r\n\r\n", b"HTTP/1.1 1000 X\r\n\r\n", b"HTTP/0.9 200\r\n\r\n",
    b"HTTP/2 200\r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01\x00\xa5\x01", b"<html>", b"HTTP/1.1 200\r\n: x\r\n\r\n",
    b"HTTP/1.1 200 OK\nX\n\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, b"H" * 200_000,
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 30_000 + b"\r\n", b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 3,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
]  # fmt: skip
BODIES = [
    b"", b"null", b"[]", b"{}", b'"', b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe[\x00]\x00", b"\xef\xbb\xbf[]",
    b"\0" * 1000,
    b"<html><script>alert(1)</script><h1>502</h1>", b"<a " * 20_000, b"<!--" * 20_000, b"x" * 2**20, b"[{}]", b"[[]]",
    b"[null]",
    b'{"access_token": "\\u0000", "expires_in": 1}', b'{"access_token": "a b", "expires_in": -1}',
    b'{"error": ["invalid_client"]}',
    b'{"message": {"message": 1}, "ExceptionFaultCode": []}', b'{"message": "\\ud800\\u001b[2J\\r\\n::error::x"}',
    b"[{}" + b",{}" * 50_000,
    b'{"access_token": "x", "expires_in": 1e999999999}', b'{"access_token": "x", "expires_in": ' + b"9" * 5000 + b"}",
]  # fmt: skip


def _bomb(mebibytes: int) -> bytes:
    """What grows to so much; a thousandth of it."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(
        [*(packing.compress(b" " * 2**20) for _ in range(mebibytes)), packing.compress(b"[]"), packing.flush()]
    )


SMALL, LARGE = _bomb(32), _bomb(256)
"""Less, and more, than an answer may have."""


class _Raw(float):
    """Stands for a piece of JSON text, as it is; a float, so that `json` asks for its repr."""

    def __new__(cls, text: str) -> _Raw:
        made = super().__new__(cls, 1.0)
        made.text = text  # type: ignore[attr-defined]
        return made

    def __repr__(self) -> str:
        return str(self.text)  # type: ignore[attr-defined]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item: what holds it, and its key or index."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        each = todo.pop()
        keys: Iterable[Any] = (
            list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        )
        for key in keys:
            found.append((each, key))
            todo.append(each[key])
    return found


def _dumps(value: Any) -> bytes:
    """As `json`, but a `_Raw` stands as it is."""
    return "".join(_pieces(value)).encode("utf-8", "surrogatepass")


def _pieces(value: Any) -> Iterable[str]:
    if isinstance(value, _Raw):
        yield repr(value)
    elif isinstance(value, dict):
        members = [f"{json.dumps(key)}:{''.join(_pieces(each))}" for key, each in value.items()]
        yield "{" + ",".join(members) + "}"
    elif isinstance(value, list):
        yield "[" + ",".join("".join(_pieces(each)) for each in value) + "]"
    else:
        yield json.dumps(value)


@st.composite
def json_edits(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Alters a JSON text: members set to odd values, taken away, renamed, or doubled."""
    values = st.one_of(st.sampled_from(RAW), ODD_TEXTS.map(json.dumps))
    edit = st.tuples(st.sampled_from(["set", "set", "set", "drop", "double", "rename"]), st.integers(0, 10**6), values)
    edits = draw(st.lists(edit, min_size=1, max_size=4))

    def alter(body: bytes) -> bytes:
        try:
            value = [json.loads(body)]
        except ValueError:
            return body
        for what, at, text in edits:
            places = _places(value)
            holder, key = places[at % len(places)]
            if what == "set" or holder is value:
                holder[key] = _Raw(text)
            elif what == "drop":
                del holder[key]
            elif isinstance(holder, list):
                holder.insert(key, holder[key])
            elif what == "rename":
                holder[f"{key}\u202e"] = holder.pop(key)
        return _dumps(value[0])

    return alter


@st.composite
def strikes(draw: st.DrawFn) -> Strike:
    """What becomes of an answer."""
    what = draw(
        st.sampled_from(
            ["json", "json", "json", "json", "body", "bytes", "bytes", "head", "headers", "headers", "gzip"]
        )
    )
    status = draw(st.sampled_from([None, None, *STATUSES])) if what != "json" or draw(st.booleans()) else None
    edit = draw(json_edits())
    body = draw(st.sampled_from(BODIES))
    cut = draw(st.integers(0, 10**6))
    put = draw(st.sampled_from([b"", b"\0", b"\xff", b'"', b"{", b"]", b",", b"e9", b"\\u"]))
    names = draw(st.lists(st.sampled_from(list(HEADERS)), max_size=3)) if what != "json" else []
    headers = [(name, draw(st.sampled_from(HEADERS[name]))) for name in names]
    head = draw(
        st.one_of(
            st.sampled_from(HEADS), altered([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"], [b"\r\n", b"\0", b"x"])
        )
    )
    zipped = draw(st.sampled_from(["whole", "cut", "small", "large", "plain", "twice"]))
    dripping = draw(st.integers(0, 9)) == 0

    def strike(answer: Answer) -> Iterable[bytes]:
        if what == "head":
            return [head]
        made = answer.body
        more = dict(headers)
        if what == "json":
            made = edit(made)
        elif what == "body":
            made = body
        elif what == "bytes":
            at = cut % (len(made) + 1)
            made = made[:at] + put + (made[at + 1 :] if put else b"")
        elif what == "gzip":
            packed = gzip.compress(made)
            kinds = {"whole": packed, "cut": packed[:-9], "small": SMALL, "large": LARGE, "plain": made}
            made = kinds.get(zipped, gzip.compress(packed))
            more.setdefault("Content-Encoding", "gzip")
        kept = {name: text for name, text in answer.headers.items() if name.lower() not in map(str.lower, more)}
        sent = Answer(status or answer.status, kept, made).sent()
        lines = b"".join(
            f"{name}: ".encode() + text.encode("latin-1", "replace") + b"\r\n" for name, text in more.items()
        )
        first, _, rest = sent[0].partition(b"\r\n")
        if "Content-Length" in more or "Transfer-Encoding" in more:
            rest = b"\r\n".join(line for line in rest.split(b"\r\n") if not line.lower().startswith(b"content-length"))
            rest = rest if rest.endswith(b"\r\n\r\n") else b"\r\n"
        pieces = [first + b"\r\n" + lines + rest, *sent[1:]]
        return _dripped(b"".join(pieces)) if dripping else pieces

    return strike


def _dripped(data: bytes) -> Iterable[bytes]:
    """In a dozen pieces, with a wait before each."""
    size = len(data) // 12 + 1
    return [piece for at in range(0, len(data), size) for piece in (b"", data[at : at + size])]


STRUCK = st.sampled_from(KINDS)
