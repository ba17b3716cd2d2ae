"""Values that fit their field and are surely or likely not what was meant: how they are read, and what is said of them.

`findings` runs all checks of one value in one field. The fast path asks `is_unremarkable` first, and leaves every other
value to the full parser. `problems` is what is said in the end: of all values of a declaration but those that its
`lifecycle.as_typed` names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from reconciler.config.read.content_checks import Finding, complaint, joint_findings
from reconciler.config.read.messages import character_name, quoted, shown
from reconciler.config.read.nodes import Node, Scalar
from reconciler.core.amounts import written
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.patterns import covers, patterns
from reconciler.core.safe_json import BLANK_LETTERS
from reconciler.resources.grammar import Field, Kind
from reconciler.resources.values import Path, Values, render_path
from reconciler.resources.values import Scalar as Value

AS_TYPED = "as_typed"
"""The member of `lifecycle` that lists the paths of values that are meant as they are written."""

Remark: TypeAlias = tuple[Path, Finding, Source]
"""What there is to say of a value, unless it is meant."""

_LINE_BREAK = re.compile("[\n\r\u2028\u2029]")
_BLOCKS = ("|", ">")
_QUOTES = frozenset("\"'`\u00b4\u2032\u2033\u2035\u2036\u201a\u201e\uff02\uff07")
_QUOTE_CATEGORIES = ("Pi", "Pf")
_UNSEEN_CATEGORIES = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs")


def findings(row: Field, value: Value, node: Node) -> Iterator[Finding]:
    """What is to be said of a value that the schema admits; most often nothing. node: where it was written."""
    if isinstance(value, str):
        if not is_unremarkable(row, value):
            yield from _about_text(row, value, node)
    elif isinstance(value, int | Decimal) and not is_unremarkable(row, value):
        if isinstance(value, Decimal) and has_three_decimals(value):
            yield _ambiguous_amount(row, value)
        if is_negative(row, value):
            yield _negative(row, value)


def is_unremarkable(row: Field, value: Value) -> bool:
    """Whether nothing is to be said of a value, and it is read as it is written."""
    if isinstance(value, str):
        if row.kind is Kind.NUMBER and _strange(value):
            return False
        if not value.isascii() and not unicodedata.is_normalized("NFC", value):
            return False
        is_trimmed = row.kind is not Kind.TEXT or value == value.strip()  # ids lose their blanks in silence
        return row.multiline or (is_trimmed and not _LINE_BREAK.search(value) and complaint(row, value.strip()) is None)
    return not (isinstance(value, Decimal) and has_three_decimals(value)) and not is_negative(row, value)


def problems(
    remarks: Iterable[Remark], values: Values, locate: Callable[[Path], Source], lifecycle: Mapping[str, Any]
) -> list[Diagnostic]:
    """What is said of a declaration: the remarks on its values one by one, and what does not go together in them.

    values, lifecycle: with the defaults. locate: the place of a value.
    """
    said = [*remarks, *((path, finding, locate(path)) for path, finding in joint_findings(values))]
    if not said:
        return []
    meant = patterns(tuple(lifecycle.get(AS_TYPED, ())))
    return [
        _diagnostic(path, finding, source)
        for path, finding, source in said
        if finding.final or not any(covers(pattern, path) for pattern in meant)
    ]


def _diagnostic(path: Path, finding: Finding, source: Source) -> Diagnostic:
    way_out = "" if finding.final else f" If it is meant so, add '{shown(render_path(path))}' to lifecycle.{AS_TYPED}."
    return Diagnostic(finding.severity, finding.code, finding.summary, remedy=finding.remedy + way_out, source=source)


def _about_text(row: Field, text: str, node: Node) -> Iterator[Finding]:
    bare = text.strip()
    if row.kind is Kind.NUMBER and (strange := _strange(bare)):
        yield _strange_number(row, text, strange)
        return
    if not row.multiline and _LINE_BREAK.search(text) and isinstance(node, Scalar) and node.style != '"':
        yield _line_break(row, text, node)
        return
    if row.kind is Kind.TEXT and not row.multiline and text != bare and bare:
        summary = f"{row.name} has blanks at its ends, which are cut: {quoted(bare)}"
        yield Finding(Severity.WARNING, "D319", summary, f"Write {quoted(bare)}, without them.", final=True)
    if not row.multiline and (finding := complaint(row, bare)):
        yield finding


def _line_break(row: Field, text: str, node: Scalar) -> Finding:
    summary = f"{row.name} is one line of text, and this one has a line break"
    bare = text.strip()
    if _LINE_BREAK.search(bare):
        meant = f"Write it on one line; or, if the line break is meant, in double quotes: {quoted(bare)}."
        return Finding(Severity.ERROR, "D318", summary, meant)
    style = node.style
    strip = f", or write {style}- instead of {style}" if style in _BLOCKS else ""
    return Finding(Severity.ERROR, "D318", summary, f"Write it on the line of its key: {quoted(bare)}{strip}.")


def _strange(number: str) -> str:
    """The characters that stand in no customer number."""
    if number.isascii() and number.isalnum():  # nearly every number
        return ""
    return "".join(dict.fromkeys(filter(_is_strange, number.strip())))


def _is_strange(character: str) -> bool:
    return _is_unwritten(character) or (not character.isascii() and _plain(character) != character)


def _is_unwritten(character: str) -> bool:
    """Whether it is a quote, or nothing that can be seen."""
    if character.isascii():
        return character in _QUOTES or not character.isprintable()
    category = unicodedata.category(character)
    return (
        character in _QUOTES
        or character in BLANK_LETTERS
        or category in _QUOTE_CATEGORIES
        or category in _UNSEEN_CATEGORIES
        or "VARIATION SELECTOR" in unicodedata.name(character, "")
    )


def _plain(character: str) -> str:
    """What a full-width character, or a digit in another form or script, stands for."""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    composed = unicodedata.normalize("NFKC", character)
    return character if composed == unicodedata.normalize("NFC", character) else composed.replace("\u2010", "-")


def _strange_number(row: Field, text: str, strange: str) -> Finding:
    names = ", ".join(character_name(character) for character in strange[:3])
    clean = "".join(_plain(character) for character in text if not _is_unwritten(character)).strip()
    summary = f"{row.name} {quoted(text.strip())} holds {names}"
    return Finding(
        Severity.ERROR, "D320", summary, f'Write "{shown(clean)}".' if clean else "Write the number alone.", final=True
    )


# ---- amounts ----

_GROUPED = re.compile(r"(-?)([0-9]{1,3})((?:[.,'’ \u00a0\u202f][0-9]{3})+)(?:([.,])([0-9]+))?")


def has_three_decimals(value: Decimal) -> bool:
    """Whether the amount was written with exactly three decimals: to many a reader, that point parts thousands."""
    return value.as_tuple().exponent == -3


def is_negative(row: Field, value: Value) -> bool:
    """Whether it is below zero where that says nothing: a count, a limit."""
    return row.unsigned and isinstance(value, int | Decimal) and value < 0


def _negative(row: Field, value: int | Decimal) -> Finding:
    text = written(Decimal(value))
    severity = Severity.WARNING if row.kind is Kind.DECIMAL and not row.amount else Severity.ERROR  # a share may be one
    return Finding(severity, "D327", f"{row.name} is {text}, and cannot be below 0", f"Write {text[1:]}, or 0.")


def _ambiguous_amount(row: Field, value: Decimal) -> Finding:
    text = format(value, "f")
    summary = f"{row.name} is {text}: are these three decimals, or is the point one between thousands?"
    return Finding(Severity.ERROR, "D321", summary, f"{amounts_to_choose(text)} {FOUR_DECIMALS}")


FOUR_DECIMALS = "An amount that does have three decimals is written with a fourth, such as 0.1250."


def amounts_to_choose(text: str) -> str:
    """What to write instead of an amount with one point or comma and three digits behind it."""
    small = Decimal(text.replace(",", "."))
    return f"Write {int(text.replace('.', '').replace(',', ''))} or {written(small)}."


def grouped_amounts(text: str) -> tuple[str, ...]:
    """The amounts that a text with separated thousands may mean; none where it is none, two where that is unclear.

    >>> [grouped_amounts(text) for text in ("1.234.567", "1.234,50", "1,234.50", "25,000", "1'000", "1.2.3")]
    [('1234567',), ('1234.50',), ('1234.50',), ('25000', '25'), ('1000',), ()]
    >>> grouped_amounts("-0,125")
    ('-125', '-0.1250')
    """
    found = _GROUPED.fullmatch(text.strip())
    if found is None or len(set(found[3][::4])) > 1 or found[4] == found[3][0]:
        return ()
    sign, digits = found[1], str(int(found[2] + "".join(filter(str.isdigit, found[3]))))
    if found[5] is not None:
        return (f"{sign}{digits}.{found[5]}",)
    if len(found[3]) == 4 and found[3][0] in ".,":
        return f"{sign}{digits}", sign + written(Decimal(f"{found[2]}.{found[3][1:]}"))
    return (f"{sign}{digits}",)
