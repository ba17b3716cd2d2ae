"""Values to YAML text: what is written is read back exactly, by our loader and by other YAML tools."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.edit.declarable import declarable, lifecycle_of
from reconciler.config.edit.export import SINGLE, file_name
from reconciler.config.edit.yaml_writer import inline, item_lines, literal, mapping_lines, raw_members
from reconciler.config.read.declarations import load_declarations
from reconciler.core.declaration_values import declared
from reconciler.core.normalise import normalise
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Field
from reconciler.resources.values import Values
from tests.property.declarations import fields

NAME = CUSTOMER.row(("name",))
assert isinstance(NAME, Field)

MISREAD = [
    "NO", "no", "y", "N", "On", "off", "TRUE", "False", "null", "Null", "~", "", "0101", "10000", "1e3", "1_000",
    "0x1F",
    "0o17", "0b1", "12:30:45", "190:20:30", "1.5", ".5", "-1", "+47", "+4799", ".inf", "-.INF", ".NaN", "2026-01-31",
    "2026-01-31 12:00:00", "2026-01-31T12:00:00Z", "=", "<<", "1,000", "- x", "? x", ": x", "# x", "a: b", "a #b", "a:",
    "%x", "@x", "`x", "!x", "&x", "*x", "|", ">", "[x]", "{x}", "'x'", '"x"', "x\ny", "x\r\ny", "x\ty", " x", "x ",
    "---",
    "...", "\ufeffx", "x\u2028y", "x\u0085y", "\x00", "\x1b[31m", "🙂", "\U0001f468\u200d\U0001f469", "\u202ex",
    "\ue000",
    "\uffff", "${env:HOME}", "$${x}", "$", "$$", "back\\slash", "x" * 2000, "é", "e\u0301",
]  # fmt: skip

texts = st.one_of(st.sampled_from(MISREAD), st.text(st.characters(exclude_categories=("Cs",)), max_size=20))


def load(folder: Path, text: str) -> Any:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    return load_declarations([file], root=folder, environ={})


def lines(values: Any) -> str:
    return "".join(f"{line}\n" for line in values)


def scalar(value: object, *, declaration: bool = True) -> str:
    return inline(literal(value, declaration=declaration), flow=False)


def mapping(members: dict[str, Any], *, declaration: bool = True) -> str:
    return lines(mapping_lines(raw_members(members, declaration=declaration)))


def item(members: dict[str, Any]) -> str:
    return lines(f"  {line}" for line in item_lines(raw_members(members)))


@given(texts)
def test_a_text_is_a_text_to_every_yaml_tool(text: str) -> None:
    written = f"k: {scalar(text, declaration=False)}\n"
    assert len(written.splitlines()) == 1
    assert yaml.safe_load(written) == {"k": text}
    assert yaml.load(written, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == {"k": text}
    assert not set(written) & {"\x00", "\x1b", "\u202e", "\u2028", "\ufeff", "\u200d", "\x85"}


@given(st.dictionaries(texts.filter(lambda text: len(text) < 200), texts, max_size=4))
def test_keys_are_texts_too(members: dict[str, str]) -> None:
    written = mapping({"a": members, "b": [members]}, declaration=False)
    assert yaml.safe_load(written) == {"a": members, "b": [members]}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"), (False, "false"), (None, "null"), (0, "0"), (-5, "-5"), (Decimal("19.90"), "19.9"),
        (Decimal("1E+3"), "1000"), (Decimal("1E-7"), "0.0000001"), ("Fjord Bygg AS", "Fjord Bygg AS"), ("NO", '"NO"'),
        ("0155", '"0155"'), ("a\nb", '"a\\nb"'), ("${x}", '"$${x}"'),
    ],
)  # fmt: skip
def test_leaves_are_spelled_plainly_where_that_is_safe(value: object, written: str) -> None:
    assert scalar(value) == written


def test_a_number_is_always_quoted() -> None:
    assert mapping({"number": "ABC", "name": "ABC"}) == 'number: "ABC"\nname: ABC\n'


def test_lists_are_indented_below_their_key() -> None:
    written = item({"number": "1", "directDebitLines": [{"mandateId": "A", "bic": "B"}], "x": {}})
    assert written == ('  - number: "1"\n    directDebitLines:\n      - mandateId: A\n        bic: B\n    x: {}\n')


@given(value=fields(clear=False))
def test_what_is_emitted_is_read_back_exactly(value: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("emit")
    first = load(folder, mapping({"number": "X9", **value}))
    assert not first.diagnostics
    (wanted,) = first.desired
    again = load(folder, "customers:\n" + item({"number": "X9", **declared(wanted.values)}))
    assert not again.diagnostics
    assert again.desired[0].values == {key: each for key, each in wanted.values.items() if each != {}}


@given(text=texts)
def test_the_loader_takes_every_text_that_is_declarable(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = str(normalise(NAME, text) or "")  # as the texts of the ERP are read
    values: Values = {"name": text, "accountReference": text, "attributes": {text: text}, "mainAddress": {"city": text}}
    kept, problems = declarable("1", values)
    whole = {"name", "accountReference"} & kept.keys()
    assert bool(problems) is (
        len(whole) < 2 or kept["attributes"] != {text: text} or kept["mainAddress"] != {"city": text}
    )
    members = {"number": "1", **declared(kept), "lifecycle": lifecycle_of(kept)}
    loaded = load(tmp_path_factory.mktemp("emit"), mapping(members))
    assert not loaded.diagnostics
    for name in whole:
        assert loaded.desired[0].values.get(name) == (text or None)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"name": "\x00"}, "name"),
        ({"name": "  "}, "name"),
        ({"status": "Sleeping"}, "status"),
        ({"creditDaysPastDue": 40_000}, "creditDaysPastDue"),
        ({"creditLimit": Decimal("1" * 29)}, "creditLimit"),
        ({"mainAddress": {"countryId": "NOR"}}, "mainAddress.countryId"),
        ({"parentRecordNumber": " a "}, "parentRecordNumber"),
        ({"attributes": {"": "x"}}, 'attributes[""]'),
        ({"attributes": {"k" * 600: "x"}}, "attributes." + "k" * 600),
        (
            {"directDebitLines": {"M": {"mandateId": "M", "dateOfSignature": "soon"}}},
            "directDebitLines.M.dateOfSignature",
        ),
        ({"glAccounts": {"salesSubaccount": {"-1": "x"}}}, "glAccounts.salesSubaccount.-1"),
    ],
)
def test_what_a_declaration_cannot_hold_is_left_out_and_named(values: Values, path: str) -> None:
    kept, problems = declarable("A", values)
    assert [where for where, _ in problems] == [path]
    assert not declared(kept) or path.startswith("directDebitLines")


@given(st.lists(st.text(min_size=1, max_size=150), min_size=2, max_size=2))
def test_file_names_are_safe_and_differ_where_numbers_do(numbers: list[str]) -> None:
    first, second = (file_name(number) for number in numbers)
    for name in (first, second):
        assert name.isascii()
        assert len(name) <= 105
        assert name[0] not in ".-"
        assert set(name.removesuffix(".yaml")) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
        )
    if numbers[0].upper() != numbers[1].upper():
        assert first.lower() != second.lower()
        assert SINGLE not in (first, second) or "customers" in numbers
