"""`${env:NAME}` and `${env:NAME:-default}` inside strings. A value goes in as data and is never read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config.read.messages import MAX_SHOWN, quoted, shown

_PART = re.compile(
    r"\$(?P<literal>\$\{)"
    r"|\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:[^}$]|\$(?!\{))*+(?P<nested>\$\{)?))?(?(nested)|\})"
    r"|\$\{"
)
"""One interpolation. A default ends at the next `${`, so that a text is gone through once, whatever is left open."""

REFUSED = frozenset(("VISMA_CLIENT_SECRET", "VISMA_CLIENT_SECRET_FILE", "VISMA_CLIENT_ID"))
ALLOWED = frozenset(("VISMA_TOKEN_URL",))
REFUSED_WORDS = (
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PRIVATE_KEY",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "CREDENTIAL",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text cannot be interpolated; `kind` is unset, malformed or refused."""

    kind: str
    summary: str
    remedy: str


def is_refused(name: str) -> bool:
    """Whether the variable's name looks like a credential's: a plan would print it, and a plan is public."""
    upper = name.upper()
    return upper not in ALLOWED and (upper in REFUSED or any(word in upper for word in REFUSED_WORDS))


def interpolate(text: str, environ: Mapping[str, str]) -> tuple[str, list[Problem]]:
    """The text with its variables put in, and every reason why that is not possible.

    As in a shell, `:-default` also stands in for a variable that is empty. An empty variable without a default
    counts as unset: an empty text would clear the field in the ERP.

    >>> interpolate("${env:CITY:-Oslo}, $${env:CITY}", {})
    ('Oslo, ${env:CITY}', [])
    """
    problems: list[Problem] = []

    def put(match: re.Match[str]) -> str:
        if match["literal"]:
            return "${"
        value = _value(match, text, environ)
        if isinstance(value, str):
            return value
        problems.append(value)
        return ""

    return _PART.sub(put, text), problems


def _value(match: re.Match[str], text: str, environ: Mapping[str, str]) -> str | Problem:
    name, default = match["name"], match["default"]
    if name is None:
        rest = text[match.start() : match.start() + MAX_SHOWN + 1].split("}", maxsplit=1)[0]
        return Problem(
            "malformed",
            f"{quoted(rest)} is no interpolation",
            "Write ${env:NAME} or ${env:NAME:-default}; write $${ for a literal ${.",
        )
    if is_refused(name):
        return Problem(
            "refused",
            f"the variable {shown(name)} may not be used in a file: its name looks like a credential's",
            "Plans and reports show values. Credentials come from the process environment alone; "
            "give other values a variable with another name.",
        )
    if match["nested"]:
        return _nested(default)
    if value := environ.get(name, ""):
        return value if _is_text(value) else _no_text(name)
    if default is not None:
        return default
    state = "empty" if name in environ else "not set"
    return Problem(
        "unset",
        f"the environment variable {shown(name)} is {state}",
        f"Set {shown(name)}, or write ${{env:{shown(name)}:-default}}.",
    )


def _is_text(value: str) -> bool:
    """Whether the variable's bytes were UTF-8: others come as lone surrogates, which no plan can hold."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _no_text(name: str) -> Problem:
    return Problem("unset", f"the environment variable {shown(name)} is no UTF-8 text", f"Set {shown(name)} to text.")


def _nested(default: str) -> Problem:
    summary = f"the default {quoted(default)} holds another interpolation"
    return Problem("malformed", summary, "Write a default without ${.")
