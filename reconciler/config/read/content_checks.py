"""What texts can be checked for: what a spreadsheet leaves, and, where it is known what a text is, codes and IBANs.

Facts about fields stand in their rows (`resources.grammar.Content`). `complaint` is about one value, `joint_findings`
about values that must go together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from reconciler.config.read.messages import nearest, quoted
from reconciler.core.diagnostics import Severity
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Content, Field, Form, Kind
from reconciler.resources.standard_codes import COUNTRIES, CURRENCIES, POSTAL_DIGITS, ZERO_FIRST
from reconciler.resources.values import Path, Values


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of a value: code, summary and remedy. final: `lifecycle.as_typed` does not end it."""

    severity: Severity
    code: str
    summary: str
    remedy: str
    final: bool = False


# ---- one value ----

SPREADSHEET_ERROR = re.compile(r"#([A-ZÀ-Þ0-9/]{1,30}[!?]|N/A|I/T|N/B|NV|N/D|N/V|##+)|Err:5[0-9]{2}", re.IGNORECASE)
"""What a spreadsheet shows where it has no value, in the language of its user: #N/A, #REF!, #VERDI!, #SAKNAS!, ####."""

EXPONENT = re.compile(r"-?[0-9]([.,][0-9]{1,20})?E\+[0-9]{2,3}")
"""How a spreadsheet shows a long number."""

_APOSTROPHE = re.compile("'([=+\\-@\uff1d\uff0b\uff0d\uff20]|[0-9][-0-9 .,/]*\\Z)")
"""The sign by which a spreadsheet knows a text: before a number, or before what it would calculate."""


def complaint(row: Field, text: str) -> Finding | None:
    """What is wrong with a text of one line in a field, or nothing."""
    if not text:
        return None
    if text[0] == "'" and (row.is_identifier or _APOSTROPHE.match(text)):
        return _error("D322", f"{row.name} {quoted(text)} starts with an apostrophe, as a spreadsheet marks a text",
                      f"Write {quoted(text[1:])}.")  # fmt: skip
    if SPREADSHEET_ERROR.fullmatch(text):
        summary = f"{row.name} {quoted(text)} is what a spreadsheet shows where it has no value"
        return _error("D322", summary, "Write the value, or remove the line.")
    exponent = EXPONENT.fullmatch(text) if "E+" in text else None
    if exponent and (row.is_identifier or exponent[1]):  # 1E+02 may be a name
        summary = f"{row.name} {quoted(text)} is how a spreadsheet shows a long number, whose last digits are lost"
        severity = Severity.WARNING if row.kind is Kind.NUMBER else Severity.ERROR  # such a number may be live (P511)
        return Finding(severity, "D322", summary, "Write the number with all its digits.")
    return _content_complaint(row, text) if is_of_codes(row) else None


def is_of_codes(row: Field) -> bool:
    """Whether each text of the field is looked at for what it is."""
    return row.content is not Content.ANY and row.content is not Content.POSTAL_CODE


def is_suspect(text: str) -> bool:
    """Whether a text without blanks at its ends may deserve a complaint in a field that is not `is_of_codes`; quick,
    for the fast path."""
    return text[:1] in _SIGNS or "E+" in text or text[3:4] == ":"


_SIGNS = frozenset("'#")


@lru_cache(maxsize=4096)
def _content_complaint(row: Field, text: str) -> Finding | None:
    """Kept, because codes come again and again."""
    match row.content:
        case Content.COUNTRY:
            return _code_complaint(row, text, COUNTRIES, "two capital letters of ISO 3166", "NO")
        case Content.CURRENCY:
            return _code_complaint(row, text, CURRENCIES, "three capital letters of ISO 4217", "NOK")
        case Content.IBAN:
            return _iban_complaint(row, text)
    return None


def _code_complaint(row: Field, text: str, codes: frozenset[str], form: str, example: str) -> Finding | None:
    if text in codes:
        return None
    near = nearest(text, sorted(codes)) if len(text) == len(example) == 3 else []  # two letters resemble too many
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"Write a code such as {example}."
    if len(text) == len(example) and text.upper() in codes:
        remedy = f"Write {text.upper()}."
    return _error("D324", f"{row.name} {quoted(text)} is not a code of {form}", remedy)


def _iban_complaint(row: Field, text: str) -> Finding | None:
    from stdnum import iban  # noqa: PLC0415 (90 ms, when an IBAN is declared)
    from stdnum.exceptions import InvalidChecksum, ValidationError  # noqa: PLC0415 (as above)

    try:
        iban.validate(text, check_country=False)
    except InvalidChecksum:
        summary = f"{row.name} {quoted(text)} has wrong check digits, so at least one character is wrong"
        return _error("D323", summary, "Copy it from the bank's own letter.")
    except ValidationError:
        summary = f"{row.name} {quoted(text)} does not have the form of an IBAN of its country"
        return _error("D323", summary, "Write two letters, two check digits and the account's number.")
    return None


def _error(code: str, summary: str, remedy: str) -> Finding:
    return Finding(Severity.ERROR, code, summary, remedy)


# ---- values that go together ----


def joint_findings(values: Values) -> Iterator[tuple[Path, Finding]]:
    """What is to be said of values of one declaration, defaults included, that do not go together."""
    for group, code_name, country_name in _ADDRESSES:
        address = values.get(group)
        if type(address) is dict:
            code, country = address.get(code_name), address.get(country_name)
            if type(code) is str and country in POSTAL_DIGITS and (finding := _short(code_name, code, country)):
                yield (group, code_name), finding
    for group, flag in _SOLE_FLAGS:
        lines = values.get(group)
        if type(lines) is dict:
            chosen = [key for key, line in lines.items() if type(line) is dict and line.get(flag) is True]
            for key in chosen[1:]:
                summary = f"{group} has more than one line with {flag}: true, {quoted(chosen[0])} and {quoted(key)}"
                remedy = f"Keep {flag}: true in one line; the ERP refuses a second one."
                yield (group, key, flag), _error("D326", summary, remedy)


_ADDRESSES = [
    (group.name, code.name, country.name)
    for group in CUSTOMER.groups
    if group.form is Form.OBJECT
    for code in group.members
    for country in group.members
    if isinstance(code, Field) and code.content is Content.POSTAL_CODE
    if isinstance(country, Field) and country.content is Content.COUNTRY
]
_SOLE_FLAGS = [
    (group.name, flag.name)
    for group in CUSTOMER.groups
    if group.form is Form.LINES
    for flag in group.members
    if isinstance(flag, Field) and flag.sole
]


@lru_cache(maxsize=4096)
def _short(name: str, text: str, country: str) -> Finding | None:
    """A postal code whose digits are too few: a spreadsheet drops the zeros in front."""
    body = text.strip().upper().removeprefix(country).lstrip("- ")
    plain = (body[:-2] if body[-2:].isalpha() else body).replace(" ", "")
    wanted = POSTAL_DIGITS[country]
    if not (plain.isascii() and plain.isdigit()) or len(plain) >= wanted:
        return None
    summary = f"{name} {quoted(text)} has {len(plain)} digits, and those of {country} have {wanted}"
    whole = quoted(plain.zfill(wanted))
    remedy = f"Write {whole} if a spreadsheet dropped the zero." if country in ZERO_FIRST else "Write the whole code."
    return Finding(Severity.WARNING, "D325", summary, remedy)
