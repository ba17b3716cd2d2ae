"""Values to YAML text: what is written is read back exactly, and no other YAML tool misreads it.

The one writer of YAML: for whole declarations, and for the pieces that an edit puts into a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from reconciler.config.read.nodes import MERGE, NULLS, Scalar
from reconciler.config.read.typed_values import BOOLEANS, NUMBER
from reconciler.core.amounts import written
from reconciler.resources.customer import CUSTOMER

_MISREAD = re.compile(
    r"""
    | ~ | null | Null | NULL
    | [yYnN] | yes | Yes | YES | no | No | NO | on | On | ON | off | Off | OFF
    | true | True | TRUE | false | False | FALSE
    | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+ | [-+]?0x[0-9a-fA-F_]+
    | [-+]?[0-9][0-9_]*(:[0-9]+)*(\.[0-9_]*)?([eE][-+]?[0-9]+)?
    | [-+]?\.[0-9][0-9_]*([eE][-+]?[0-9]+)?
    | [-+]?\.(inf|Inf|INF) | \.(nan|NaN|NAN)
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ \t]++[0-9:.,+\-Zz\ \t]*)?
    | = | <<
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"[^\W_][^\r\n\t]*|[_/.(][^\r\n\t]+")
_NOT_PLAIN = re.compile(r":(\s|\Z)|\s#|^\s|\s\Z|^(---|\.\.\.)(\s|\Z)")
_NOT_IN_FLOW = re.compile(r"[\[\]{},:?]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ALWAYS_QUOTED = frozenset((CUSTOMER.key,))
_HEADER = re.compile(r"[|>][-+0-9]*(?P<rest>[ \t]*(#[^\r\n]*)?)(?P<nl>\r\n|\r|\n)(?P<indent> *)")


@dataclass(frozen=True, slots=True)
class Literal:
    """A scalar to write. style: `text` leaves the quotes to the writer, `plain` has none, `quoted` always has some."""

    text: str
    style: str = "text"

    @property
    def is_null(self) -> bool:
        """Whether it is null."""
        return self.style == "plain" and self.text in NULLS


NULL = Literal("null", "plain")

Raw: TypeAlias = "Literal | dict[str, Raw] | list[Raw]"
"""What stands at a place in a text, or shall stand there."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A mapping that takes all from an alias but for members of its own."""

    alias: str
    members: dict[str, Raw]


# ---- values ----


def literal(value: object, *, declaration: bool = True, quoted: bool = False) -> Literal:
    """A leaf as the loader reads it back. declaration: `${` in a text is escaped, so that it stays what it is."""
    match value:
        case None:
            return NULL
        case bool():
            return Literal("true" if value else "false", "plain")
        case int():
            return Literal(str(value), "plain")
        case Decimal():
            return Literal(written(value), "plain")
    text = str(value)
    if declaration:
        text = text.replace("${", "$${")
    return Literal(text, "quoted" if quoted or "${" in text else "text")


def raw_members(members: Mapping[str, Any], *, declaration: bool = True) -> dict[str, Raw]:
    """Members to write: texts, booleans, integers, decimals or None, in mappings and lists. Numbers get quotes."""
    return {name: _raw(name, value, declaration) for name, value in members.items()}


def _raw(name: str, value: object, declaration: bool) -> Raw:
    if isinstance(value, dict):
        return raw_members(value, declaration=declaration)
    if isinstance(value, list):
        return [_raw("", item, declaration) for item in value]
    return literal(value, declaration=declaration, quoted=name in _ALWAYS_QUOTED)


# ---- lines ----


def mapping_lines(members: Mapping[str, Raw], step: int = 2) -> Iterator[str]:
    """The lines of a block mapping, without line ends. step: by how much each level is indented."""
    for name, value in members.items():
        yield from member_lines(name, value, step)


def member_lines(name: str, value: Raw, step: int = 2) -> Iterator[str]:
    """The lines of a member of a block mapping, the first one not indented."""
    key = key_text(name)
    if isinstance(value, Literal) or not value:
        yield f"{key}: {inline(value, flow=False)}"
        return
    yield f"{key}:"
    pad = " " * step
    if isinstance(value, list):
        yield from (pad + line for item in value for line in item_lines(item, step))
    else:
        yield from (pad + line for line in mapping_lines(value, step))


def item_lines(value: Raw, step: int = 2, *, flow: bool = False) -> Iterator[str]:
    """The lines of an item of a block list, the first one with its dash. flow: on one line."""
    if flow or not isinstance(value, dict) or not value:
        yield f"- {inline(value, flow=not isinstance(value, Literal))}"
        return
    for at, line in enumerate(mapping_lines(value, step)):
        yield f"  {line}" if at else f"- {line}"


def inline(value: Raw | Overlay, *, flow: bool = True) -> str:
    """A value on one line. flow: inside a flow collection, or in place of a value that may be in one."""
    if isinstance(value, Literal):
        return _spelled(value, flow)
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    members = value.members if isinstance(value, Overlay) else value
    head = [f"{MERGE}: *{value.alias}"] if isinstance(value, Overlay) else []
    return "{" + ", ".join([*head, *(inline_member(name, below) for name, below in members.items())]) + "}"


def inline_member(name: str, value: Raw) -> str:
    """A member of a flow mapping."""
    return f"{key_text(name, flow=True)}: {inline(value)}"


def key_text(name: str, *, flow: bool = False) -> str:
    """A key as it is written before its colon."""
    return _spelled(Literal(name), flow)


@lru_cache(maxsize=4096)
def _spelled(value: Literal, flow: bool) -> str:
    """Kept, because keys, ids and towns come again and again."""
    return spell(value, flow=flow)[-1]


# ---- scalars ----


def typed_by_look(text: str) -> bool:
    """Whether the loader takes a plain scalar for more than text: null, a boolean or a number."""
    return text in NULLS or text in BOOLEANS or NUMBER.fullmatch(text) is not None


def misread(text: str) -> bool:
    """Whether some YAML 1.1 or 1.2 tool would read the text, without quotes, as anything but text.

    >>> [misread(text) for text in ("NO", "0101", "12:30:45", "2026-01-31", "9711 LM", "Oslo")]
    [True, True, True, True, False, False]
    """
    return _MISREAD.fullmatch(text) is not None


def is_same(one: Literal, other: Literal) -> bool:
    """Whether two scalars mean the same in every field; quotes count only where they change how a text is read."""
    if one.is_null or other.is_null:
        return one.is_null and other.is_null
    if one.text != other.text:
        return False
    return one.style == other.style or "text" in (one.style, other.style) or not typed_by_look(one.text)


def spell(value: Literal, *, old: Scalar | None = None, flow: bool = False) -> list[str]:
    """Ways to write a scalar, the best first; the last one always reads back.

    old: the scalar that stands there; its style is kept where the value admits it.
    flow: whether it stands inside [ ] or { }.
    """
    text = value.text
    if value.style == "plain":
        # a plain text that a flow collection would take apart is surely text
        return [text] if typed_by_look(text) or is_plain(text, flow=flow) else [double(text)]
    style = old.style if old is not None else ""
    if style in ("|", ">") and old is not None:
        header = _HEADER.match(old.origin.text, old.start, old.end)
        return [*_blocks(text, old, header), double(text) + (header["rest"] if header else "")]
    if style == "'" and text.isprintable():
        return ["'" + text.replace("'", "''") + "'"]
    if style or value.style == "quoted" or misread(text) or not is_plain(text, flow=flow):
        return [double(text)]
    return [text]


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether the text may surely stand without quotes; some that may not are harmless all the same."""
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and not _NOT_PLAIN.search(text)
        and not (flow and _NOT_IN_FLOW.search(text))
    )


def double(text: str) -> str:
    """The text in double quotes, on one line, with escapes for all that cannot be seen.

    >>> print(double('say "a"\\tb'))
    "say \\"a\\"\\tb"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _blocks(text: str, old: Scalar, header: re.Match[str] | None) -> list[str]:
    """The text as a block scalar with the header's comment, line breaks and indentation of the old one."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if header is None or not header["indent"] or not body or body.endswith("\n") or lines[0].strip() != lines[0]:
        return []
    if not all(line.isprintable() for line in lines) or any(line != line.strip() for line in lines):
        return []
    chomp = "" if text != body else "-"
    between = header["nl"] if old.style == "|" else header["nl"] * 2
    filled = [header["indent"] + line if line else "" for line in lines]
    return [old.style + chomp + header["rest"] + header["nl"] + between.join(filled)]
