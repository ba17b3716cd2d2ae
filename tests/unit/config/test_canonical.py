"""`fmt`: one form, nothing lost, nothing changed in meaning."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest
import yaml as pyyaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.config.edit.canonical import canonical
from reconciler.config.edit.yaml_writer import double, misread
from reconciler.config.read.declarations import load_texts
from tests.unit.config.yaml_texts import COMMENTS, customers, texts

EXAMPLES = 60 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 500
FILES = sorted((Path(__file__).parents[3] / "examples").rglob("*.yaml"))


def form(text: str) -> str:
    """The canonical form of a dedented text; no problem is allowed."""
    found = canonical(dedent(text).encode(), "a.yaml")
    assert not found.diagnostics, found.diagnostics
    again = canonical(found.data, "a.yaml")
    assert again.data == found.data
    return found.data.decode()


def words(text: str) -> dict[str, int]:
    """How often each word of the comments stands in a text."""
    return {word: text.count(word) for word in ("# head", "# eol", *filter(None, map(str.strip, COMMENTS)))}


@settings(max_examples=EXAMPLES, phases=[Phase.generate])  # shrinking whole files takes longer than reading one
@given(st.data())
def test_random_declarations_keep_their_meaning_and_their_comments_and_fmt_twice_is_fmt_once(
    data: st.DataObject,
) -> None:
    declared = data.draw(customers())
    text = data.draw(texts(declared))
    found = canonical(text.encode(), "a.yaml")
    assert not found.diagnostics
    before, after = (load_texts({"a.yaml": each}, environ={}) for each in (text.encode(), found.data))
    assert before.digest == after.digest
    assert [each.values for each in before.desired] == [each.values for each in after.desired]
    assert sorted(each.code for each in before.diagnostics) == sorted(each.code for each in after.diagnostics)
    assert words(text) == words(found.data.decode())
    assert text.endswith(("\n", "\r")) == found.data.endswith((b"\n", b"\r"))
    assert canonical(found.data, "a.yaml").data == found.data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_examples_keep_their_meaning(path: Path) -> None:
    data = path.read_bytes()
    found = canonical(data, path.name)
    assert not found.diagnostics
    if path.name == "reconciler.yaml":
        assert found.data == data
        return
    one, other = (load_texts({path.name: each}, environ={}) for each in (data, found.data))
    assert one.digest == other.digest
    comments = [
        sorted(line.split("#")[1] for line in each.decode().splitlines() if "#" in line) for each in (data, found.data)
    ]
    assert comments[0] == comments[1]


def test_members_stand_in_the_order_of_the_field_table() -> None:
    text = form(
        """\
        lifecycle: {prevent_update: true, create_only: [name]}
        match: [gln]
        mainAddress: {city: Oslo, addressLine1: Street}
        creditLimit: 5
        name: A
        ref: a
        gln: x
        number: A1
        """
    )
    assert text == dedent(
        """\
        number: A1
        ref: a
        name: A
        creditLimit: 5
        gln: x
        mainAddress: {addressLine1: Street, city: Oslo}
        match: [gln]
        lifecycle: {create_only: [name], prevent_update: true}
        """
    )


def test_comments_move_with_their_member_and_the_head_stays() -> None:
    text = form(
        """\
        # yaml-language-server: $schema=customer.schema.json
        # The first customer.
        name: A      # its name

        # its number
        number: A1
        mainAddress:
          # the town
          city: Oslo
            # below the town

          # the street
          addressLine1: Street   # and house
          # the end
        # after all
        """
    )
    assert text == dedent(
        """\
        # yaml-language-server: $schema=customer.schema.json
        # The first customer.
        # its number
        number: A1

        name: A      # its name
        mainAddress:
          # the street
          addressLine1: Street   # and house

          # the town
          city: Oslo
            # below the town
          # the end
        # after all
        """
    )


def test_comments_cannot_stand_behind_a_dash_and_go_above_it() -> None:
    text = form(
        """\
        customers:
          # one
          - name: A
            # its number
            number: A1
          # two
          - number: A2
        """
    )
    assert text == dedent(
        """\
        customers:
          # one
          # its number
          - number: A1
            name: A
          # two
          - number: A2
        """
    )


def test_an_order_that_would_part_an_alias_from_its_anchor_is_kept() -> None:
    text = """\
        number: A1
        invoiceAddress: &a
          city: Oslo
          addressLine1: Street
        mainAddress: *a
        """
    assert form(text) == dedent(
        """\
        number: A1
        invoiceAddress: &a
          addressLine1: Street
          city: Oslo
        mainAddress: *a
        """
    )


def test_merge_keys_stand_first() -> None:
    text = form("number: A1\nmainAddress: &a {city: Oslo}\ninvoiceAddress:\n  city: Bergen\n  <<: *a\n")
    assert text.endswith("invoiceAddress:\n  <<: *a\n  city: Bergen\n")


def test_only_text_that_tools_misread_gets_quotes_and_quotes_that_are_there_stay() -> None:
    text = form(
        """\
        number: 0101
        name: 'Needless'
        creditLimit: 5
        printInvoices: True
        gln: ~
        accountReference:    # empty
        mainAddress: {countryId: NO, city: Oslo, postalCode: 9711 LM}
        attributes: {NO: 2026-01-31, A: 12:30:45}
        """
    )
    assert text == dedent(
        """\
        number: "0101"
        name: 'Needless'
        accountReference: null    # empty
        creditLimit: 5
        printInvoices: true
        gln: null
        mainAddress: {postalCode: 9711 LM, city: Oslo, countryId: "NO"}
        attributes: {"NO": "2026-01-31", A: "12:30:45"}
        """
    )


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8),
        st.text("0123456789.:_-+eExoTZ infaNyYsOo=<~", min_size=1, max_size=12),
    )
)
@settings(max_examples=500)
def test_what_is_not_called_misread_is_text_for_pyyaml_too(text: str) -> None:
    try:
        found = pyyaml.safe_load(f"- {text}\n")
    except (pyyaml.YAMLError, ValueError):
        return
    if found and found != [text] and len(found) == 1 and not isinstance(found[0], (str, dict, list)):
        assert misread(text.strip()) or "#" in text
    assert pyyaml.safe_load(double(text)) == text


def test_crlf_a_byte_order_mark_and_a_missing_last_line_break_stay() -> None:
    data = b"\xef\xbb\xbfname: A\r\nnumber: A1\r\n# end\r\ncreditLimit: 5"
    found = canonical(data, "a.yaml")
    assert found.data == b"\xef\xbb\xbfnumber: A1\r\nname: A\r\n# end\r\ncreditLimit: 5"


def test_block_scalars_move_whole() -> None:
    text = form('name: A\nnote: |+\n  one\n\n  # no comment\n\nnumber: "1"\n')
    assert text == 'number: "1"\nname: A\nnote: |+\n  one\n\n  # no comment\n\n'


def test_documents_and_their_marks_stay() -> None:
    text = "%YAML 1.1\n---\nname: A\nnumber: A1\n...\n---\nname: B\nnumber: A2\n"
    assert form(text) == "%YAML 1.1\n---\nnumber: A1\nname: A\n...\n---\nnumber: A2\nname: B\n"


def test_a_mapping_with_an_unknown_member_keeps_its_order() -> None:
    assert form("nam: A\nnumber: A1\nmainAddress: {city: B, addressLine1: A}\n") == (
        "nam: A\nnumber: A1\nmainAddress: {addressLine1: A, city: B}\n"
    )


def test_variables_need_not_be_set() -> None:
    assert form("name: ${env:SOMETHING}\nnumber: A1\n") == "number: A1\nname: ${env:SOMETHING}\n"


def test_a_file_with_errors_is_given_back_with_its_problems() -> None:
    data = b"number: 1\nnumber: 2\nname: [\n"
    found = canonical(data, "a.yaml")
    assert found.data == data
    assert [each.code for each in found.diagnostics] == ["Y202", "Y201"]


@pytest.mark.parametrize(
    "text",
    [
        "? name\n: A\n? number\n: A1\n",
        "name: A\n? number\n: A1\n",
        "{name: A, # whose\n number: A1}\n",
        "",
        "# nothing\n",
        "---\n---\n",
        "- [a, b]\n- text\n",
        "customers: {a: b}\n",
        "customers:\n- &a\n  name: A\n  number: A1\n- *a\n",
        "!!map {name: A}\n",
        "name: |\n number\nnumber: >-\n x\n\n y",
        "number: A1\nname: |-\n  x",
        "{name, number: A1}\n",
        '{"name":A,"number":A1,}\n',
        "name:\n  A\n  B\nnumber:\n  A1\n",
        "name: A\rnumber: A1\r",
        'mainAddress: {city: "a\n  b", addressLine1: x}\nnumber: 1\n',
        "&r\n&k name: A\nnumber: &n A1\nref: *n\n",
        "number: 1\nmainAddress: &x\ngln: *x\n",
        "- - name: A\n    number: 1\n",
        "number: &n 0101\ncreditLimit: *n\n",
    ],
)
def test_odd_texts_never_lose_their_meaning(text: str) -> None:
    data = text.encode()
    found = canonical(data, "a.yaml")
    if found.data != data:
        one, other = (load_texts({"a.yaml": each}, environ={}) for each in (data, found.data))
        assert one.digest == other.digest
        assert sorted(each.code for each in one.diagnostics) == sorted(each.code for each in other.diagnostics)
    assert canonical(found.data, "a.yaml").data == found.data
