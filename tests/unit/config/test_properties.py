"""Properties: no input makes a traceback, and the fast check never disagrees with jsonschema."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import load_declarations
from reconciler.config.read.messages import shown
from reconciler.config.read.schema import part
from reconciler.config.read.schema_errors import DECLARATION_CODES, SETTINGS_CODES, Validator
from reconciler.config.read.typed_values import FORMATS, Reader
from reconciler.config.settings import _schema as settings_schema
from reconciler.core.diagnostics import has_errors
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Group
from reconciler.resources.values import leaves

QUICK = settings(derandomize=True, deadline=None, max_examples=150, database=None)

NUMBERS = ("", "0", "7", "007", "-5", "1.5", "1e3", "'2'", "99999", "12345678901", "0101")
LITERALS = ("true", "yes", "~", "null", "''", "[]", "{}", "2026-01-31", "2026-02-30")
TOKENS = ("'x'", '"y"', "x y", "NO", "NOR", "NOK", "Active", "active", "Main", "mainContact.fax", "gln", "nonsense")
WORDS = st.sampled_from((*NUMBERS, *LITERALS, *TOKENS))
NAMES = st.sampled_from(
    [*FIELDS, "ref", "match", "lifecycle", "complete", "lines", "ignore_changes", "prevent_update", "nope", "''"]
    + [member.name for row in FIELDS.values() if isinstance(row, Group) for member in row.members]
)
TEXTS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(NAMES, inner, max_size=4).map(
            lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
        ),
    ),
    max_leaves=12,
)
UNSEEN = ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")
FILLERS = set("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Letters and marks that nobody sees."""
CUSTOMERS = st.dictionaries(NAMES, TEXTS, max_size=6).map(lambda d: "\n".join(f"{k}: {v}" for k, v in d.items()))


def load_bytes(data: bytes) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "f.yaml"
        file.write_bytes(data)
        return load_declarations([file], root=Path(folder), environ={"A": "x"})


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_give_diagnostics_or_values(data: bytes) -> None:
    loaded = load_bytes(data)
    assert loaded.desired or has_errors(loaded.diagnostics)


@QUICK
@given(st.text(st.sampled_from("ab01:- \n\t#&*!|>{}[],'\"%@`?<~.$\\\x00\ufeff\u2028é🎉"), max_size=60))
def test_any_text_of_yamls_own_characters_gives_diagnostics_or_values(text: str) -> None:
    loaded = load_bytes(text.encode())
    assert loaded.desired or has_errors(loaded.diagnostics)
    for each in loaded.diagnostics:
        assert each.summary.isprintable()
        assert each.source is None or (each.source.line >= 1 and each.source.column >= 1)


@QUICK
@given(CUSTOMERS)
def test_the_fast_check_never_says_sure_where_jsonschema_says_no(text: str) -> None:
    for node in yaml_nodes.parse(text.encode(), "f").documents:
        schema = part("customer")
        reader = Reader(schema)
        value = reader.read(node)
        checker = FormatChecker(())
        for name, is_valid in FORMATS.items():
            checker.checks(name)(lambda v, is_valid=is_valid: not isinstance(v, str) or is_valid(v))
        assert reader.sure == Draft202012Validator(schema, format_checker=checker).is_valid(value)
        assert reader.sure != bool(Validator(schema, DECLARATION_CODES).verdict(value, node).diagnostics)


SETTINGS = st.dictionaries(
    st.sampled_from(
        ["version", "company", "customers", "api", "guards", "environments", "limits", "refresh", "cache", "x"]
    ),
    st.one_of(
        WORDS,
        st.lists(WORDS, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(
                ["page_size", "timeout", "updates", "creates", "depth", "max_age", "prod", "a b", "''", "no"]
            ),
            st.one_of(WORDS, st.just("{api: {page_size: 7}}"), st.just("{company: x}")),
            max_size=3,
        ).map(lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"),
    ),
    max_size=4,
).map(lambda d: "\n".join(f"{k}: {v}" for k, v in ({"version": "1"} | d).items()))


@QUICK
@given(SETTINGS)
def test_settings_that_are_surely_valid_are_valid(text: str) -> None:
    schema = settings_schema()
    for node in yaml_nodes.parse(text.encode(), "f").documents:
        reader = Reader(schema)
        value = reader.read(node)
        if reader.sure:
            assert Validator(schema, SETTINGS_CODES).verdict(value, node).diagnostics == ()


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "object", "const": {"a": 1}}, "{a: 2}"),
        ({"type": "array", "enum": [[1]]}, "[2]"),
        ({"$ref": "#/$defs/x", "minLength": 3, "$defs": {"x": {"type": "string"}}}, "a"),
        ({"if": {"type": "object"}, "then": {"required": ["a"]}}, "{b: 1}"),
        ({"type": "object", "propertyNames": {"not": {}}}, "{a: 1}"),
        ({"type": "object", "propertyNames": {"pattern": "^b"}}, "{a: 1}"),
        ({"type": "object", "anyOf": [{"properties": {"a": {"type": "boolean"}}}]}, "{a: 1}"),
        ({"type": "string", "pattern": "^b"}, "a"),
        ({"type": "integer", "const": 1}, "2"),
    ],
)
def test_what_a_schema_says_beyond_what_is_understood_is_left_to_jsonschema(schema: dict[str, Any], text: str) -> None:
    (node,) = yaml_nodes.parse(text.encode(), "f").documents
    reader = Reader(schema)
    assert not Draft202012Validator(schema).is_valid(reader.read(node))
    assert not reader.sure


@QUICK
@given(CUSTOMERS)
def test_a_declaration_is_read_or_refused_and_every_leaf_is_located(text: str) -> None:
    loaded = load_bytes(text.encode())
    assert loaded.desired or has_errors(loaded.diagnostics)
    for desired in loaded.desired:
        for path, value in leaves(desired.values):
            assert value is None or isinstance(value, str | bool | int | Decimal)
            assert desired.locate(path).line >= 1


@QUICK
@given(st.text(max_size=80))
def test_any_text_can_be_a_name_or_is_refused(name: str) -> None:
    try:
        written = pyyaml.safe_dump({"number": "1", "name": name.replace("${", "$${")}).encode()
    except UnicodeEncodeError:
        return
    loaded = load_bytes(written)
    if has_errors(loaded.diagnostics):
        assert not name.strip() or any(
            unicodedata.category(c) in ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp") or c in FILLERS for c in name
        )
    else:
        assert loaded.desired[0].values["name"] == unicodedata.normalize("NFC", name).strip()


@QUICK
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=0, max_value=10**20))
def test_amounts_keep_every_digit(amount: Decimal) -> None:
    loaded = load_bytes(f"number: 1\ncreditLimit: {amount:f}".encode())
    assert loaded.desired[0].values["creditLimit"] == amount


@QUICK
@given(st.text(max_size=300))
def test_shown_texts_are_short_and_printable(text: str) -> None:
    assert len(shown(text)) <= 80
    assert shown(text).isprintable()


@pytest.mark.parametrize("length", [79, 80, 81])
def test_a_shown_text_says_when_it_is_cut(length: int) -> None:
    assert shown("x" * length).endswith("…") == (length > 80)
