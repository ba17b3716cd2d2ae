"""Random declarations for the sandbox company: any subset of the fields, any mix of setting and clearing."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciler.config.read.content_checks import complaint
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Comparison, Content, Field, Form, Group, Kind, Read, Row

ANY_TEXT = Field("any", Kind.TEXT, "", "")
LINES = st.one_of(
    st.sampled_from(["NO", "0101", "1e3", "yes", "null", "~", "12:30:45", "2025-01-14", "1_000", "+47", "#x", "a: b"]),
    # A list of characters and no text: hypothesis draws texts from the constants of whatever modules are loaded, so a
    # test alone would see others than among all tests.
    st.lists(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=12)
    .map("".join)
    .filter(lambda text: text == unicodedata.normalize("NFC", text.strip()) and text != "")
    .filter(lambda text: complaint(ANY_TEXT, text) is None),
    st.sampled_from(['"quoted"', "it's", "🙂", "- dash", "tab\tin", "{a}", "x" * 200]),
)
TEXTS = st.one_of(LINES, st.sampled_from(["Å\nB", " x \n"]))

REFERENCES: dict[str, list[str]] = {
    "currencyId": ["NOK", "EUR", "SEK"],
    "customerClassId": ["1", "TEST", "RETAIL"],
    "creditTermsId": ["10", "14", "30"],
    "vatZoneId": ["01", "02", "03"],
    "priceClassId": ["RETAIL", "VIP"],
    "paymentMethodId": ["1", "2", "5"],
    "countryId": ["NO", "SE", "NL"],
    "county": ["03", "46"],
    "salesPersonID": ["1", "2", "3"],
    "locationID": ["Main"],
    "parentRecordNumber": ["1", "2"],
    "segmentValue": ["00", "10", "20"],
    "branch": ["1", "2"],
}
NEVER_CLEARED = {"customerClassId", "currencyId", "creditTermsId", "vatZoneId"}
"""References that the ERP holds to be mandatory (fact sheet 14, Q16)."""

POSTAL_CODES = {"NO": "0150", "SE": "111 22", "NL": "1012 AB"}

DATES = st.sampled_from(["2026-01-31", "2025-12-01T00:00:00", "2024-02-29"])


def value(row: Field) -> st.SearchStrategy[Any]:
    """A value to set."""
    match row.kind:
        case Kind.TEXT if row.content is Content.IBAN:
            return st.sampled_from(["NL91ABNA0417164300", "NO93 8601 1117 947", "de89370400440532013000"])
        case Kind.TEXT if row.content is Content.POSTAL_CODE:
            return LINES.filter(lambda text: not any(map(str.isdecimal, text)) and complaint(row, text) is None)
        case Kind.TEXT if row.comparison is Comparison.ID:  # two customers with one id are a finding
            return st.lists(st.sampled_from("123456789"), min_size=9, max_size=9).map("".join)
        case Kind.TEXT:
            texts = TEXTS if row.multiline else LINES
            longest = row.max_length
            short = texts if longest is None else texts.filter(lambda text: len(text) <= longest)
            return short if row.multiline else short.filter(lambda text: complaint(row, text) is None)
        case Kind.REFERENCE | Kind.NUMBER:
            found = REFERENCES.get(row.name)
            if found is None and row.name.endswith("Account"):
                found = ["1500", "3000", "3100"]
            return st.sampled_from(found or ["A1", "B2"])
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INTEGER:
            return st.integers(max(0, row.low or 0), row.high)
        case Kind.DECIMAL:
            return st.decimals(Decimal(0), Decimal("99999999.99"), places=2)
        case Kind.ENUM:
            return st.sampled_from(row.values)
        case Kind.DATE:
            return DATES


def leaf(row: Field, *, clear: bool) -> st.SearchStrategy[Any]:
    """A value to set, or None to clear where that can be done."""
    if clear and row.clearable and row.name not in NEVER_CLEARED:
        return st.one_of(st.none(), value(row), value(row))
    return value(row)


def group(row: Group, *, clear: bool) -> st.SearchStrategy[Any]:
    """Some members of a group, in the form that declarations have."""
    if row.form is Form.MAP:
        return st.fixed_dictionaries(
            {},
            optional={
                "REGION": st.sampled_from([*([None] if clear else []), "NORTH", "SOUTH"]),
                "EXTREF": leaf(Field("x", Kind.TEXT, "", ""), clear=clear),
            },
        ).filter(bool)
    if row.form is Form.SEGMENTS:
        return st.lists(st.sampled_from([1, 2]), min_size=1, max_size=2, unique=True).flatmap(
            lambda ids: st.tuples(
                *[
                    st.fixed_dictionaries({"segmentId": st.just(each), "segmentValue": st.sampled_from(["00", "10"])})
                    for each in ids
                ]
            ).map(list)
        )
    members = {each.name: each for each in row.members}
    if row.form is Form.LINES:
        keys = {name: members[name] for name in row.key}
        others = {name: each for name, each in members.items() if name not in row.key}
        line = st.fixed_dictionaries(
            {name: _key(name, each) for name, each in keys.items()},
            optional={name: member(each, clear=clear) for name, each in others.items()},
        )
        lines = st.lists(line, min_size=1, max_size=3, unique_by=lambda one: tuple(one[name] for name in row.key))
        return lines.map(lambda drawn: _one_default(row, drawn))
    named = {name: member(each, clear=clear) for name, each in members.items() if each.where is not Read.NEVER}
    return st.fixed_dictionaries({}, optional=named).filter(bool).map(lambda drawn: _of_its_country(row, drawn))


def _of_its_country(row: Group, drawn: dict[str, Any]) -> dict[str, Any]:
    """A postal code has the form of the country beside it."""
    contents = {each.content: each.name for each in row.members if isinstance(each, Field)}
    code, country = contents.get(Content.POSTAL_CODE), contents.get(Content.COUNTRY)
    if code and drawn.get(code) is not None and drawn.get(country) in POSTAL_CODES:
        return drawn | {code: POSTAL_CODES[drawn[country]]}
    return drawn


def _one_default(row: Group, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ERP takes one default line at most, those counted that are not declared any more: only M1 and 1 may be it."""
    return [
        line | {"isDefault": False} if line.get("isDefault") and line[row.key[0]] not in ("M1", "1") else line
        for line in lines
    ]


def _key(name: str, row: Row) -> st.SearchStrategy[Any]:
    assert isinstance(row, Field)
    return st.sampled_from(["M1", "M2", "M/3"]) if name == "mandateId" else value(row)


def member(row: Row, *, clear: bool = True) -> st.SearchStrategy[Any]:
    """Any row."""
    return leaf(row, clear=clear) if isinstance(row, Field) else group(row, clear=clear)


def fields(*, clear: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """A random subset of the fields, without the number."""
    rows = {name: row for name, row in FIELDS.items() if name != "number"}
    optional = {name: member(row, clear=clear) for name, row in rows.items()}
    return st.fixed_dictionaries({}, optional=optional)


def line_key(row: Group, line: dict[str, Any]) -> str:
    """The key by which a line is told apart."""
    return "/".join(str(line[name]) for name in row.key)
