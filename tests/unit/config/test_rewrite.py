"""The rewrite: single values change, every other byte stays, and the meaning is exactly the intended one."""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.config.edit.accept import _Failure, _File, _Reader, _Writer, accept
from reconciler.config.edit.meaning import REMOVE, raw, same_meaning
from reconciler.config.edit.numbers import write_numbers
from reconciler.config.edit.proposed_edits import proposed_edits
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.tree import is_empty
from reconciler.config.edit.yaml_writer import NULL, Literal, double, spell
from reconciler.config.read.declarations import load_texts
from reconciler.config.read.nodes import Mapping, Scalar, Sequence, Written
from reconciler.config.read.yaml_nodes import parse
from reconciler.core.live import Live
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Form, Group, Row
from reconciler.resources.values import Values
from tests.unit.config.yaml_texts import customers, texts

RULES, MEMORY = Rules(), Memory()
EXAMPLES = 40 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 500


def edited(text: str, *edits: tuple[tuple[str | int, ...], Any]) -> list[str]:
    """The lines that change in the first document, as a diff shows them."""
    data = dedent(text).encode()
    found = rewrite(data, "a.yaml", [Edit(0, path, value) for path, value in edits])
    assert found.problem is None, found.problem
    diff = difflib.unified_diff(
        data.decode().splitlines(keepends=True), found.data.decode().splitlines(keepends=True), n=0
    )
    return [line for line in diff if not line.startswith(("---", "+++", "@@"))]


def bytes_after(data: bytes, *edits: tuple[tuple[str | int, ...], Any], document: int = 0) -> bytes:
    found = rewrite(data, "a.yaml", [Edit(document, path, value) for path, value in edits])
    assert found.problem is None, found.problem
    return found.data


# ---- nodes ----


@settings(max_examples=EXAMPLES, phases=[Phase.generate])
@given(st.data())
def test_every_scalars_characters_hold_the_scalar_and_nothing_else(data: st.DataObject) -> None:
    text = data.draw(texts(data.draw(customers())))
    stack: list[Written] = list(parse(text.encode(), "a").documents)
    while stack:
        node = stack.pop()
        if isinstance(node, Sequence):
            stack += node.written
        elif isinstance(node, Mapping):
            stack += [part for pair in node.pairs for part in pair]
        elif isinstance(node, Scalar) and not is_empty(node) and node.style not in ("|", ">"):
            found = pyyaml.compose(text[node.start : node.end], Loader=pyyaml.BaseLoader)
            assert isinstance(found, pyyaml.ScalarNode)
            assert found.value == node.text


# ---- scalars ----


@settings(max_examples=500)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), st.booleans())
def test_a_text_without_controls_reads_back_through_any_reader(text: str, flow: bool) -> None:
    for way in spell(Literal(text), flow=flow):
        found = pyyaml.safe_load(f"{{k: {way}, l: x}}" if flow else f"k: {way}\nl: x\n")
        assert found == {"k": text, "l": "x"}


@pytest.mark.parametrize("old", ["old", "'old'", '"old"'])
def test_the_new_scalar_keeps_the_old_style(old: str) -> None:
    new = old.replace("old", "new")
    assert edited(f"a: {old} # c\n", (("a",), Literal("new"))) == [f"-a: {old} # c\n", f"+a: {new} # c\n"]


@pytest.mark.parametrize("text", ["NO", "0101", "1e3", "12:30:45", "2026-01-31", "yes", "null", "~", "", "a: b", " x"])
def test_a_plain_text_that_would_be_misread_gets_double_quotes(text: str) -> None:
    assert edited("a: old\n", (("a",), Literal(text))) == ["-a: old\n", f"+a: {double(text)}\n"]


def test_block_scalars_stay_block_scalars_where_the_text_admits_it() -> None:
    text = "a: |  # c\n    one\n    two\n\n# below\nb: >-\n  folded\n  text\nc: |+\n  kept\n\nd: 1\n"
    assert edited(text, (("a",), Literal("x\n\ny\n")), (("b",), Literal("short")), (("c",), Literal("k\n"))) == [
        "-    one\n",
        "-    two\n",
        "+    x\n",
        "+\n",
        "+    y\n",
        "-  folded\n",
        "-  text\n",
        "-c: |+\n",
        "-  kept\n",
        "-\n",
        "+  short\n",
        "+c: |\n",
        "+  k\n",
    ]
    assert edited("a: |  # c\n  x\n", (("a",), Literal(" x"))) == ["-a: |  # c\n", "-  x\n", '+a: " x"  # c\n']


def test_scalars_over_several_lines_are_replaced_whole() -> None:
    assert edited('a: "one\n  two" # c\nb: plain\n  text\nc: 1\n', (("a",), Literal("x")), (("b",), NULL)) == [
        '-a: "one\n',
        '-  two" # c\n',
        "-b: plain\n",
        "-  text\n",
        '+a: "x" # c\n',
        "+b: null\n",
    ]


# ---- mappings and lists ----


def test_members_are_inserted_in_canonical_order_with_the_files_indentation() -> None:
    text = """\
        # head
        number: "1"   # n
        mainAddress:
            city: Oslo
            # below
        # mine
        note: |+
            x

        lifecycle: {}
        """
    assert edited(
        text,
        (("name",), Literal("A")),
        (("mainAddress", "addressLine1"), Literal("S")),
        (("mainAddress", "countryId"), Literal("NO")),
        (("mainContact", "web"), Literal("w")),
        (("attributes", "A: B"), Literal("x")),
    ) == [
        "+name: A\n",
        "+    addressLine1: S\n",
        '+    countryId: "NO"\n',
        "+mainContact:\n",
        "+    web: w\n",
        "+attributes:\n",
        '+    "A: B": x\n',
    ]


def test_members_of_flow_mappings_come_and_go_with_their_commas() -> None:
    text = "mainAddress: { addressLine1: A, city: B, countryId: C }\n"
    path = "mainAddress"
    for names, left in (
        (("addressLine1",), "{ city: B, countryId: C }"),
        (("city",), "{ addressLine1: A, countryId: C }"),
        (("countryId",), "{ addressLine1: A, city: B }"),
        (("addressLine1", "city"), "{ countryId: C }"),
        (("city", "countryId"), "{ addressLine1: A }"),
        (("addressLine1", "city", "countryId"), "{}"),
    ):
        found = bytes_after(text.encode(), *(((path, name), REMOVE) for name in names))
        assert found.decode() == f"mainAddress: {left}\n"
    assert edited("mainAddress: {}\n", ((path, "city"), Literal("B")), ((path, "addressLine1"), Literal("A")))[1] in (
        "+mainAddress: {city: B, addressLine1: A}\n",
        "+mainAddress: {addressLine1: A, city: B}\n",
    )
    assert edited("mainAddress: {city: B,}\n", ((path, "addressLine1"), Literal("A")))[1] == (
        "+mainAddress: {addressLine1: A, city: B,}\n"
    )
    assert edited("{name, number: 1}\n", (("gln",), Literal("G")))[1] == "+{name, gln: G, number: 1}\n"


def test_members_and_items_are_removed_with_their_lines() -> None:
    text = """\
        - number: 1  # one
          name: A
          # stays
          gln: x
        # between
        - number: 2
        - {number: 3}
        """
    assert edited(text, ((0, "name"), REMOVE), ((1,), REMOVE)) == ["-  name: A\n", "-- number: 2\n"]
    assert edited(text, ((0, "number"), REMOVE)) == ["-- number: 1  # one\n", "+-   # one\n"]
    assert edited("- number: 1\n  name: A\n", ((0, "number"), REMOVE)) == [
        "-- number: 1\n",
        "-  name: A\n",
        "+- name: A\n",
    ]
    three = "- number: 1\n  name: A\n  gln: x"
    assert bytes_after(three.encode(), ((0, "number"), REMOVE), ((0, "name"), REMOVE)) == b"- gln: x"
    assert bytes_after(three.encode(), ((0, "gln"), REMOVE), ((0, "name"), REMOVE)) == b"- number: 1"
    assert bytes_after(b"- a: 1\n- b: 1\n- c: 1", ((1,), REMOVE), ((2,), REMOVE)) == b"- a: 1"
    gone = (((0, name), REMOVE) for name in ("number", "name", "gln"))
    assert bytes_after(three.encode(), *gone, ((0, "ref"), Literal("r"))) == b"- ref: r"
    assert edited("- number: 1\n", ((0, "number"), REMOVE)) == ["-- number: 1\n", "+- {}\n"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_breaks_and_the_end_of_the_file_stay(newline: str, end: str, bom: bytes) -> None:
    def made(text: str) -> bytes:
        return bom + (text + end).replace("\n", newline).encode()

    data = made("number: 1\nmainAddress:\n  city: Oslo")
    new = bytes_after(data, (("mainAddress", "countryId"), Literal("SE")), (("name",), Literal("A")))
    assert new == made("number: 1\nname: A\nmainAddress:\n  city: Oslo\n  countryId: SE")
    assert bytes_after(new, (("mainAddress", "countryId"), REMOVE), (("name",), REMOVE)) == data


def test_other_documents_and_marks_stay() -> None:
    data = b"%YAML 1.1\n---\na: 1\n...\n# x\n---\nb: 2\n---\n"
    assert bytes_after(data, (("b",), Literal("3")), document=1) == data.replace(b"b: 2", b'b: "3"')


def test_characters_beyond_the_first_plane_do_not_shift_positions() -> None:
    assert edited("a: 🙂🙂 # 🙂\nb: {c: 🙂, d: x}\n", (("b", "d"), Literal("🙂y"))) == [
        "-b: {c: 🙂, d: x}\n",
        '+b: {c: 🙂, d: "🙂y"}\n',
    ]


# ---- what is shared ----


def test_an_alias_is_replaced_and_its_anchor_stays_for_the_others() -> None:
    text = "a: &x Oslo\nb: *x # b\nc: *x\n"
    assert edited(text, (("b",), Literal("Bergen"))) == ["-b: *x # b\n", "+b: Bergen # b\n"]


def test_the_anchor_of_a_text_goes_with_its_last_alias() -> None:
    """Else it would be one that nothing uses, which is an error."""
    assert edited("a: &x Oslo\nb: *x # b\n", (("b",), Literal("Bergen"))) == [
        "-a: &x Oslo\n",
        "-b: *x # b\n",
        "+a: Oslo\n",
        "+b: Bergen # b\n",
    ]


def test_an_anchored_value_changes_and_its_aliases_keep_the_old_one() -> None:
    found = rewrite(b"a: &x Oslo\nb: *x\nc: {d: *x}\n", "a.yaml", [Edit(0, ("a",), Literal("Bergen"))])
    assert found.data == b"a: Bergen\nb: Oslo\nc: {d: Oslo}\n"
    assert found.shared == ((0, ("b",)), (0, ("c", "d")))


def test_a_merged_list_or_mapping_is_written_out_where_it_changes() -> None:
    text = "- &x {a: {b: 1, c: 2}, l: [{k: 1}, {k: 2}]}\n- <<: *x\n  e: 1\n- *x\n"
    assert edited(text, ((1, "a", "b"), Literal("9")), ((1, "l", 1, "k"), Literal("9"))) == [
        "+  a:\n",
        '+    b: "9"\n',
        "+    c: 2\n",
        "+  l:\n",
        "+    - k: 1\n",
        '+    - k: "9"\n',
    ]
    assert edited(text, ((2, "a", "b"), Literal("z"))) == ["-- *x\n", "+- {<<: *x, a: {b: z, c: 2}}\n"]


def test_a_member_that_a_merge_brings_in_cannot_be_removed() -> None:
    found = rewrite(b"- &x {a: 1}\n- <<: *x\n", "a.yaml", [Edit(0, (1, "a"), REMOVE)])
    assert found.problem is not None
    assert found.problem.code == "Y217"
    assert found.data == b"- &x {a: 1}\n- <<: *x\n"


def test_a_file_with_errors_is_not_touched() -> None:
    found = rewrite(b"a: 1\na: 2\n", "a.yaml", [Edit(0, ("a",), Literal("x"))])
    assert found.data == b"a: 1\na: 2\n"
    assert found.problem is not None
    assert found.problem.code == "Y202"


@pytest.mark.parametrize(
    "text",
    [
        "? a\n: 1\n",
        "{? a : 1}\n",
        "a: &x\nb: *x\n",
        "a: !!str\n",
        "[[a, 1]]\n",
        "- - a: 1\n",
        "&r\n&k a: &v 1\n*v : 2\n",
    ],
)
def test_odd_files_are_rewritten_rightly_or_refused(text: str) -> None:
    data = text.encode()
    for value in (Literal("new"), REMOVE, {"b": Literal("x")}):
        if not isinstance(parse(data, "a").documents[0], Mapping):
            continue
        found = rewrite(data, "a.yaml", [Edit(0, ("a",), value)])
        if found.problem is not None:
            assert found.data == data
        else:
            after = raw(parse(found.data, "a").documents[0])
            assert isinstance(after, dict)
            assert ("a" not in after) if value is REMOVE else same_meaning(after["a"], value)


# ---- accept, over random declarations ----


def skeleton(rows: dict[str, Row]) -> Values:
    """A live customer that has nothing."""
    found: Values = {}
    for name, row in rows.items():
        if isinstance(row, Field):
            found[name] = None
        else:
            found[name] = skeleton(row.by_name) if row.form is Form.OBJECT else {}
    return found


def laid(base: Values, over: Values, rows: dict[str, Row]) -> Values:
    """Values laid on a skeleton."""
    found = dict(base)
    for name, value in over.items():
        row = rows[name]
        below = base[name]
        if isinstance(row, Group) and row.form is Form.OBJECT and isinstance(value, dict) and isinstance(below, dict):
            found[name] = laid(below, value, row.by_name)
        else:
            found[name] = value
    return found


@settings(max_examples=EXAMPLES, phases=[Phase.generate])  # shrinking whole files takes longer than reading one
@given(st.data())
def test_what_is_accepted_differs_no_more_and_nothing_else_changes(data: st.DataObject) -> None:
    declared = data.draw(customers())
    text = data.draw(texts(declared))
    before = load_texts({"a.yaml": text.encode()}, environ={})
    others = load_texts({"b.yaml": data.draw(texts(data.draw(customers()))).encode()}, environ={})
    live = {each.number: each.values for each in others.desired}
    wanted = []
    for each in before.desired:
        values = laid(skeleton(FIELDS), live.get(each.number, {}), FIELDS)
        for edit in proposed_edits(each, Live(1, each.number or "", "v", values), RULES, MEMORY):
            wanted.append(edit)
    found = accept(text.encode(), "a.yaml", wanted, rules=RULES, memory=MEMORY, environ={})
    assert not found.denied, [(each.edit.path, each.why) for each in found.denied]
    reader = _Reader("a.yaml", None, {})
    file = reader.file(text.encode())
    assert isinstance(file, _File)
    at_once = _Writer(reader, file, RULES, MEMORY).attempt(wanted)
    assert not isinstance(at_once, _Failure), at_once
    after = load_texts({"a.yaml": found.data}, environ={})
    for old, new in zip(before.desired, after.desired, strict=True):
        values = laid(skeleton(FIELDS), live.get(old.number, {}), FIELDS)
        assert not proposed_edits(new, Live(1, old.number or "", "v", values), RULES, MEMORY)
    old_lines, new_lines = text.splitlines(keepends=True), found.data.decode().splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    gone = sum(end - start for tag, start, end, _, _ in matcher.get_opcodes() if tag != "equal")
    assert gone <= 3 * len(wanted) + 3


# ---- numbers ----


def numbered(text: str, numbers: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    found = write_numbers(dedent(text).encode(), "a.yaml", numbers, environ={})
    return found.data.decode(), tuple(each.summary for each in found.diagnostics)


def test_numbers_go_where_the_refs_are() -> None:
    text = """\
        # head
        - ref: a     # the first
          corporateId: 1
        - name: B
          corporateId: 2
          ref: 'b'
        - {ref: c, corporateId: 3}
        - &d
          # below
          ref: d
          corporateId: 4
        """
    found, problems = numbered(text, {"a": "10", "b": "NO", "c": "0012", "d": "x y"})
    assert problems == ()
    assert found == dedent(
        """\
        # head
        - number: "10"
          ref: a     # the first
          corporateId: 1
        - number: "NO"
          name: B
          corporateId: 2
          ref: 'b'
        - {number: "0012", ref: c, corporateId: 3}
        - &d
          # below
          number: "x y"
          ref: d
          corporateId: 4
        """
    )
    assert numbered(found, {"a": "10", "b": "no ", "c": "0012"}) == (found, ())


def test_a_number_is_never_guessed_into_a_file_that_has_changed() -> None:
    text = "ref: a\nnumber: 7\ncorporateId: 1\n"
    found, problems = numbered(text, {"a": "10", "gone": "11"})
    assert found == text
    assert 'has the number "7"' in problems[0]
    assert "no declaration has this ref any more" in problems[1]
    broken = "ref: a\nref: b\n"
    assert numbered(broken, {"a": "10"})[0] == broken
    assert len(numbered(broken, {"a": "10"})[1]) == 1


def test_a_desired_value_is_what_it_was_when_a_number_is_put_in() -> None:
    text = "defaults: {corporateId: 5}\ncustomers:\n  - ref: a\n    name: A\n"
    found, _ = numbered(text, {"a": "1"})
    one, other = (load_texts({"a.yaml": each.encode()}, environ={}).desired[0] for each in (text, found))
    assert (other.number, other.ref, other.values) == ("1", "a", one.values)
    assert replace(other, number=None, source=one.source, locate=one.locate) == one
