"""What texts can be checked for: what a spreadsheet leaves, and, where it is known what a text is, codes and IBANs.

Facts about fields stand in their rows (`resources.grammar.Content`). `complaint` is about one value, `joint_findings`
about values that must go together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from reconciler.config.read.messages import character_name, nearest, quoted
from reconciler.core.diagnostics import Severity
from reconciler.core.safe_json import BLANK_LETTERS
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Content, Field, Form, Kind
from reconciler.resources.standard_codes import COUNTRIES, CURRENCIES, POSTAL_DIGITS, POSTAL_LETTERS, ZERO_FIRST
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

EXPONENT = re.compile(r"-?[0-9](?:([.,][0-9]{1,20})E\+?|E\+)[0-9]{1,3}", re.IGNORECASE)
"""How a spreadsheet shows a long number."""

_AMOUNT = re.compile("([0-9]{1,40})[.,]00?")
"""What becomes of an id of digits where it was taken for an amount."""

_QUOTE_PAIRS = frozenset(
    """
    "" '' `` ´´ ‘’ ’’ ‚‘ ‚’ “” ”” „“ „” «» »« ‹› ›‹ ＂＂
    """.split()  # noqa: SIM905 (quotes in quotes read worse)
)

_APOSTROPHE = re.compile("'([=+\\-@\uff1d\uff0b\uff0d\uff20]|[0-9][-0-9 .,/]*\\Z)")
"""The sign by which a spreadsheet knows a text: before a number, or before what it would calculate."""


def complaint(row: Field, text: str) -> Finding | None:
    """What is wrong with a text of one line in a field, or nothing."""
    finding = _leftover(row, text) if is_suspect(text) else None
    return finding or (_content_complaint(row, text) if text and is_of_codes(row) else None)


_FREE = (Content.ANY, Content.POSTAL_CODE, Content.FOREIGN_ID)
"""What a text cannot be checked for by itself."""


def _leftover(row: Field, text: str) -> Finding | None:
    """What a spreadsheet or a copy left in a text, or nothing."""
    likely = Severity.ERROR if row.is_identifier else Severity.WARNING
    if len(text) > 2 and text[0] + text[-1] in _QUOTE_PAIRS and text[0] not in text[1:-1]:
        summary = f"{row.name} {quoted(text)} has quotes around the whole of it"
        return Finding(likely, "D329", summary, f"Write {quoted(text[1:-1].strip())}.")
    if text[0] == "'" and (row.is_identifier or _APOSTROPHE.match(text)):
        return _error("D322", f"{row.name} {quoted(text)} starts with an apostrophe, as a spreadsheet marks a text",
                      f"Write {quoted(text[1:])}.")  # fmt: skip
    if SPREADSHEET_ERROR.fullmatch(text):
        summary = f"{row.name} {quoted(text)} is what a spreadsheet shows where it has no value"
        return _error("D322", summary, "Write the value, or remove the line.")
    exponent, amount = EXPONENT.fullmatch(text), _AMOUNT.fullmatch(text)
    severity = Severity.WARNING if row.kind is Kind.NUMBER else Severity.ERROR  # such a number may be live (P511)
    if exponent and (row.is_identifier or exponent[1]):  # 1E+02 may be a name
        summary = f"{row.name} {quoted(text)} is how a spreadsheet shows a long number, whose last digits are lost"
        return Finding(severity, "D322", summary, "Write the number with all its digits.")
    if amount and row.is_identifier:
        summary = f"{row.name} {quoted(text)} has decimals, as an id that a spreadsheet took for an amount"
        return Finding(severity, "D322", summary, f"Write {quoted(amount[1])}.")
    if _may_hide(text) and (unseen := dict.fromkeys(_unseen().findall(text))):
        names = ", ".join(map(character_name, list(unseen)[:3]))
        clean = " ".join(_unseen().sub(_seen, text).split())
        remedy = f"Write {quoted(clean)}." if clean else "Write the text alone."
        return _error("D328", f"{row.name} {quoted(text)} holds {names}, which nobody sees", remedy)
    return None


def _seen(match: re.Match[str]) -> str:
    return " " if match[0] in "\u2028\u2029" else ""


@cache
def _unseen() -> re.Pattern[str]:
    """Characters that nobody sees: controls, marks of direction, breaks of lines, what joins or parts letters. The two
    that some scripts and emoji need (U+200C, U+200D) are wrong only beside a letter of Europe, or at an end.

    Compiled when it is needed: ranges over all planes take 10 ms."""
    return re.compile(
        f"[{''.join(sorted(BLANK_LETTERS))}"
        "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f"
        "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
        "|(?<![\u0590-\U000dffff])[\u200c\u200d]|[\u200c\u200d](?![\u0590-\U000dffff])"
    )


def is_of_codes(row: Field) -> bool:
    """Whether each text of the field is looked at for what it is."""
    return row.content not in _FREE


def is_suspect(text: str) -> bool:
    """Whether a text without blanks at its ends may deserve a complaint in a field that is not `is_of_codes`; quick,
    for the fast path."""
    return (text[0:1] in _STARTS and _SUSPECT.match(text) is not None) or _may_hide(text)


def _may_hide(text: str) -> bool:
    """Whether a text may have characters that nobody sees."""
    return not text.isprintable() or not (text.isascii() or BLANK_LETTERS.isdisjoint(text))


_STARTS = frozenset("-0123456789eE#") | {pair[0] for pair in _QUOTE_PAIRS}
_SUSPECT = re.compile(r"-?[0-9][0-9.,]*+(?:E|(?<=[.,]0)\Z)|err:|[^-0-9E]", re.IGNORECASE)
"""What a text that begins with one of these signs must look like to deserve a complaint."""


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
            if type(code) is str and country in POSTAL_DIGITS and (finding := _misshapen(code_name, code, country)):
                yield (group, code_name), finding
    for group, flag in CUSTOMER.sole_flags:
        lines = values.get(group)
        if type(lines) is dict:
            yield from _second_defaults(group, flag, lines)


def _second_defaults(group: str, flag: Field, lines: Values) -> Iterator[tuple[Path, Finding]]:
    """Each line that is a default one beside another, of all lines or of those with the same `sole_within`."""
    first: dict[object, str] = {}
    for key, line in lines.items():
        if type(line) is dict and line.get(flag.name) is True:
            other = first.setdefault(line.get(flag.sole_within), key)
            if other != key:
                summary = f"{group} has more than one line with {flag.name}: true, {quoted(other)} and {quoted(key)}"
                severity = Severity.WARNING if flag.sole_within else Severity.ERROR
                remedy = f"Keep {flag.name}: true in one line; the ERP takes one."
                yield (group, key, flag.name), Finding(severity, "D326", summary, remedy)


_ADDRESSES = [
    (group.name, code.name, country.name)
    for group in CUSTOMER.groups
    if group.form is Form.OBJECT
    for code in group.members
    for country in group.members
    if isinstance(code, Field) and code.content is Content.POSTAL_CODE
    if isinstance(country, Field) and country.content is Content.COUNTRY
]


@lru_cache(maxsize=4096)
def _misshapen(name: str, text: str, country: str) -> Finding | None:
    """A postal code with too few digits, as a spreadsheet drops the zeros in front, too many, or letters."""
    body = _PREFIX.sub("", text.strip().upper().removeprefix(country)).lstrip("- ")
    digits, letters = POSTAL_DIGITS[country], POSTAL_LETTERS.get(country, 0)
    form = f"{digits} digits" + (f" and {letters} letters" if letters else "")
    plain = body.translate(_APART)
    code = plain[:-letters] if letters and plain[-letters:].isalpha() else plain
    if not (code.isascii() and code.isdigit()):
        summary = f"{name} {quoted(text)} is no code of {country}, where a code has {form}"
        remedy = f"Write the {form} alone; the town has a field of its own."
        return Finding(Severity.WARNING, "D325", summary, remedy)
    if len(code) == digits:
        return None
    summary = f"{name} {quoted(text)} has {len(code)} digits, and those of {country} have {digits}"
    if len(code) > digits:
        return _error("D325", summary, "Write the whole code and nothing else, or correct the country beside it.")
    whole = quoted(code.zfill(digits))
    remedy = f"Write {whole} if a spreadsheet dropped the zero." if country in ZERO_FIRST else "Write the whole code."
    return Finding(Severity.WARNING, "D325", summary, remedy)


_PREFIX = re.compile(r"[A-Z]{1,3}-(?=[0-9])")
"""The sign of the country by which letters were sent: N-0155."""
_APART = dict.fromkeys(map(ord, " -\u00a0\u202f"))
