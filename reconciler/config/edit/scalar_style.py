"""How a value is spelled in YAML: in the style that stood there, and so that no YAML tool misreads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.config.edit.spans import Span
from reconciler.config.read.nodes import NULLS
from reconciler.config.read.typed_values import BOOLEANS, NUMBER

_MISREAD = re.compile(
    r"""
    | ~ | null | Null | NULL
    | [yYnN] | yes | Yes | YES | no | No | NO | on | On | ON | off | Off | OFF
    | true | True | TRUE | false | False | FALSE
    | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+ | [-+]?0x[0-9a-fA-F_]+
    | [-+]?[0-9][0-9_]*(:[0-9]+)*(\.[0-9_]*)?([eE][-+]?[0-9]+)?
    | [-+]?\.[0-9][0-9_]*([eE][-+]?[0-9]+)?
    | [-+]?\.(inf|Inf|INF) | \.(nan|NaN|NAN)
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ \t]+[0-9:.,+\-Zz\ \t]*)?
    | = | <<
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"[^\W_][^\r\n\t]*|[_/.(][^\r\n\t]+")
_NOT_PLAIN = re.compile(r":(\s|\Z)|\s#|^\s|\s\Z|^(---|\.\.\.)(\s|\Z)")
_NOT_IN_FLOW = re.compile(r"[\[\]{},:?]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
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


def spell(literal: Literal, *, old: Span | None = None, source: str = "", flow: bool = False) -> list[str]:
    """Ways to write a scalar, the best first; the last one always reads back.

    old: the scalar that stands there, in the text `source`; its style is kept where the value admits it.
    flow: whether it stands inside [ ] or { }.
    """
    text = literal.text
    if literal.style == "plain":
        # a plain text that a flow collection would take apart is surely text
        return [text] if typed_by_look(text) or is_plain(text, flow=flow) else [double(text)]
    style = old.style if old is not None and old.kind == "scalar" else ""
    if style in ("|", ">") and old is not None:
        header = _HEADER.match(source, old.start, old.end)
        return [*_blocks(text, old, header), double(text) + (header["rest"] if header else "")]
    if style == "'" and text.isprintable():
        return ["'" + text.replace("'", "''") + "'"]
    if style or literal.style == "quoted" or misread(text) or not is_plain(text, flow=flow):
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


def _blocks(text: str, old: Span, found: re.Match[str] | None) -> list[str]:
    """The text as a block scalar with the header's comment, line breaks and indentation of the old one."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if found is None or not found["indent"] or not body or body.endswith("\n") or lines[0].strip() != lines[0]:
        return []
    if not all(line.isprintable() for line in lines) or any(line != line.strip() for line in lines):
        return []
    chomp = "" if text != body else "-"
    between = found["nl"] if old.style == "|" else found["nl"] * 2
    filled = [found["indent"] + line if line else "" for line in lines]
    return [old.style + chomp + found["rest"] + found["nl"] + between.join(filled)]
