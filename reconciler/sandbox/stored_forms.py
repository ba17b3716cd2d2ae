"""Forms in which an ERP may keep a text otherwise than it was sent (fact sheet 13, trap 11)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Final

KEEP: Final = "keep"
"""The old value stays, whatever was sent."""

FORMS: Final[dict[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "squeeze": partial(re.sub, r"\s+", " "),
    "digits": partial(re.sub, r"[^0-9+]", ""),
    "plain": partial(re.sub, r"[\W_]", ""),
    "nfc": partial(unicodedata.normalize, "NFC"),
    "nfd": partial(unicodedata.normalize, "NFD"),
}
"""`squeeze` leaves one blank between words, `digits` leaves digits and `+`, `plain` leaves letters and digits."""


def check_form(form: object) -> None:
    """Raises ValueError unless it is `keep`, or names of forms joined by `+`."""
    if not isinstance(form, str) or (form != KEEP and not all(name in FORMS for name in form.split("+"))):
        raise ValueError(f"expected {', '.join(FORMS)} (several joined by +) or {KEEP}, not {form!r}")


def in_form(text: str, form: str) -> str:
    """The text in each of the forms, one after the other."""
    for name in form.split("+"):
        text = FORMS[name](text)
    return text


def parse_forms(pairs: str) -> dict[str, object]:
    """`name:upper+trim,mainContact.phone1:digits` as path to form. Raises ValueError."""
    forms: dict[str, object] = {}
    for pair in pairs.split(","):
        path, _, form = pair.strip().partition(":")
        if path:
            check_form(form)
            forms[path] = form
    return forms
