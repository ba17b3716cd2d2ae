"""Strategies for bytes: what is valid and altered, what has the structure and odd leaves, what is only bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from reconciler.resources.customer import FIELDS
from tests.property import declarations

DATA = Path(__file__).parents[1] / "data"
ROOT = DATA.parents[1]
NAUGHTY: list[str] = json.loads((DATA / "naughty-strings.json").read_text(encoding="utf-8"))
SUITE = [path.read_bytes() for path in sorted((DATA / "yaml-test-suite").glob("*.yaml"))]
EXAMPLES = [path.read_bytes() for path in sorted((ROOT / "examples" / "company").rglob("*.yaml"))]

ODD_TEXTS = st.one_of(
    st.sampled_from(NAUGHTY),
    st.sampled_from(
        ["", " ", "\0", "\ufeff", "\u202e", "\x1b[31m", "\r\n", "x" * 5000, "${env:HOME}", "${env:", "$${", "-"]
    ),
    st.text(max_size=20),
)
TOKENS = [
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"\r", b"\r\n", b"\x85", b"\xe2\x80\xa8", b"\t",
    b"\x1b[2J",
    b"'", b'"', b"\\", b"- ", b": ", b"#", b" #", b"&a ", b"*a", b"<<: *a", b"? ", b"!!str ", b"!x ", b"|", b">-\n",
    b"{", b"}",
    b"[", b"]", b",", b"%YAML 1.2\n---\n", b"---\n", b"...\n", b"${env:A}", b"${env:A:-", b"1e999999999", b"9" * 5000,
    b"-0", b"0x1f", b".inf", b"NaN", b"null", b"true", b"{" * 60, b"[" * 5000, b"- " * 3000, b"? " * 400, b"\n  " * 200,
    b"<<<<<<< HEAD\n", b"x" * 70_000, b"number", b"customers:", b"defaults:", b"lifecycle:", b"attributes:", b"ref: ",
]  # fmt: skip


@st.composite
def altered(draw: st.DrawFn, corpus: Sequence[bytes], tokens: Sequence[bytes] = TOKENS) -> bytes:
    """One of the corpus with a few bytes cut, doubled, changed, swapped for a part of another one, or put in."""
    data = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 8, 64]))
        match draw(st.sampled_from(["token", "token", "byte", "cut", "double", "end", "other", "raw"])):
            case "token":
                data[at : at + length] = draw(st.sampled_from(tokens))
            case "byte":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length] * draw(st.sampled_from([1, 2, 100]))
            case "end":
                del data[at:]
            case "other":
                data[at : at + length] = draw(st.sampled_from(corpus))[at : at + 200]
            case _:
                data[at : at + length] = draw(st.binary(max_size=10))
    return bytes(data)


LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ODD_TEXTS,
    st.sampled_from([10**40, -(2**63) - 1, 1e300, "1", "0101", "NO", "2026-02-30", "Active", ["*"], {"a": None}]),
)  # fmt: skip


def shaped(names: Sequence[str]) -> st.SearchStrategy[Any]:
    """Mappings and lists of these names, and of any leaves."""
    keys = st.one_of(st.sampled_from(list(names)), st.sampled_from(list(names)), ODD_TEXTS)
    return st.recursive(
        LEAVES,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
        max_leaves=12,
    )


def _names(row: Any) -> list[str]:
    return [row.name, *(name for each in getattr(row, "members", ()) for name in _names(each))]


FIELD_NAMES = [name for row in FIELDS.values() for name in _names(row)] + [
    "ref",
    "match",
    "lifecycle",
    "customers",
    "defaults",
]


def as_yaml(value: Any) -> bytes:
    """JSON is YAML; what JSON cannot say, such as half a surrogate, is escaped."""
    return json.dumps(value, ensure_ascii=True, default=str).encode()


@st.composite
def overlaid(draw: st.DrawFn) -> Any:
    """A sound declaration with a few members that are not."""
    made = {"number": "1", "name": "A", **draw(declarations.fields())}
    for name in draw(st.lists(st.sampled_from([*FIELD_NAMES, *made]), max_size=3)):
        made[name] = draw(shaped(FIELD_NAMES))
    return made


DECLARATIONS = st.one_of(
    altered([*EXAMPLES, *EXAMPLES, *SUITE]),
    altered(SUITE),
    st.one_of(overlaid(), st.lists(overlaid(), max_size=4), shaped(FIELD_NAMES)).map(as_yaml),
    st.lists(st.sampled_from([*TOKENS, b"\n", b"\n", b"  ", b"number: 1", b"name: x", b"a"]), max_size=25).map(
        b"".join
    ),
    st.binary(max_size=200),
)
