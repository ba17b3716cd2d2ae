"""Bytes to text: UTF-8 without the characters that YAML forbids."""

from __future__ import annotations

import re
from functools import cache

from reconciler.core.diagnostics import Diagnostic, Severity, Source

_MAX_CONTROL_REPORTS = 20
_DOUBTFUL = frozenset(range(0x20)) - frozenset(b"\t\n\r") | {0x7F, 0xC2, 0xE2, 0xEF}
_SURELY_SOUND = bytes(sorted(set(range(256)) - _DOUBTFUL))
"""The bytes of UTF-8 that are no part of a forbidden character: most files have no others, which is seen at once."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAK = re.compile("\r\n|\r|\n")


def decode(data: bytes, file: str) -> tuple[str | None, list[Diagnostic]]:
    """The text, with characters that YAML forbids replaced one for one, so that the rest can be read."""
    problems: list[Diagnostic] = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [_not_utf8(file, "", "it is UTF-16")]
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        problems.append(
            Diagnostic(
                Severity.WARNING,
                "Y209",
                f"{file} starts with a byte order mark",
                remedy="Save the file as UTF-8 without a byte order mark.",
                source=Source(file, 1, 1),
            )
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return None, [*problems, _not_utf8(file, before, f"byte 0x{data[error.start]:02x} is no UTF-8")]
    if data.translate(None, _SURELY_SOUND):
        problems += _forbidden(text, file)
        text = _forbidden_characters().sub("\ufffd", text)
    return text, problems


@cache
def _forbidden_characters() -> re.Pattern[str]:
    """Compiled when it is needed: ranges over all planes take 10 ms."""
    return re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _not_utf8(file: str, before: str, why: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y210",
        f"{file} cannot be read as text: {why}",
        remedy="Save the file as UTF-8.",
        source=position(file, before),
    )


def position(file: str, before: str) -> Source:
    """The place that follows the text `before`."""
    breaks = list(_BREAK.finditer(before))
    start = breaks[-1].end() if breaks else 0
    return Source(file, len(breaks) + 1, len(before) - start + 1)


def _forbidden(text: str, file: str) -> list[Diagnostic]:
    """The characters that may not stand in the text: controls, and the line ends that only YAML 1.1 knows."""
    problems: list[Diagnostic] = []
    for match in _forbidden_characters().finditer(text):
        if len(problems) == _MAX_CONTROL_REPORTS:
            break
        problems.append(control(position(file, text[: match.start()]), match[0]))
    return problems


def control(source: Source, character: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y211",
        f"the character U+{ord(character):04X} may not stand here",
        remedy="Remove it; it is invisible in most editors.",
        source=source,
    )
