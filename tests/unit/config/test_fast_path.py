"""What the fast path takes, and what it leaves to the full parser. That both agree is a property of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.config.read import declarations
from reconciler.config.read.declarations import load_texts
from reconciler.config.read.fast_declarations import FastDeclaration
from reconciler.config.read.fast_path import simple
from reconciler.config.read.simple_lines import blocks
from reconciler.config.read.unmerged import Unmerged

ONE = "- number: {0}  # note\n  name: 'Å {0}'\n  mainAddress:\n    city: \"Oslo\"\n  attributes:\n    REGION: NORTH\n"


def taken(text: str, monkeypatch: pytest.MonkeyPatch) -> list[type] | None:
    """How each declaration was read, or None when the whole text went the other way."""
    found: list[type] = []
    is_slow: list[bytes] = []
    enter = declarations._Loader._enter
    thoroughly = declarations._Loader._thoroughly

    def entered(self: declarations._Loader, read: Sequence[Unmerged | FastDeclaration]) -> None:
        found.extend(map(type, read))
        enter(self, read)

    def read(self: declarations._Loader, data: bytes, name: str) -> None:
        is_slow.append(data)
        thoroughly(self, data, name)

    monkeypatch.setattr(declarations._Loader, "_enter", entered)
    monkeypatch.setattr(declarations._Loader, "_thoroughly", read)
    load_texts({"a.yaml": text.encode()}, environ={"A": "x"})
    return None if is_slow else found


@pytest.mark.parametrize(
    "head", ["", "# note\n\n", "---\n", "customers:\n", "defaults:\n  gln: '7'\ncustomers: # all\n  # the first\n"]
)
def test_of_each_make_only_the_first_takes_the_reference_path(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = head + "".join(ONE.format(each) for each in range(5))
    assert taken(text, monkeypatch) == [Unmerged, FastDeclaration, FastDeclaration, FastDeclaration, FastDeclaration]


@pytest.mark.parametrize("line", ["name: ${env:A:-b}", "match: [gln]"])
def test_a_declaration_with_more_to_it_takes_the_reference_path_by_itself(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"- number: {each}\n  {line}\n" for each in range(3)) + "- number: 8\n- number: 9\n"
    assert taken(text, monkeypatch) == [Unmerged, Unmerged, Unmerged, Unmerged, FastDeclaration]


@pytest.mark.parametrize(
    "line",
    ["name: &a x", "name: !!str x", "name: |\n    x", "name: 'x\n    y'", "name: x\n    y", "name:\tx", "name: {a: b}",
     "? name\n  : x", '"name": x', r'name: "\x41"', "nope: x", "name: '${env:GONE}'", "status: nonsense",
     "name: x\n  name: y", "name: x\r", "name: x\n---\nnumber: 5", "name: x #1"],
)  # fmt: skip
def test_anything_else_is_left_to_the_reference_path(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ONE.format(1) + f"- number: 2\n  {line}\n" + ONE.format(3)
    assert taken(text, monkeypatch) is None


def test_every_line_is_part_of_exactly_one_declaration() -> None:
    text = "# note\n" + "".join(ONE.format(each) + "\n# between\n" for each in range(3))
    found = simple(text.encode(), "a.yaml")
    assert found
    cuts = [each for each in blocks(found) if each]
    assert "# note\n" + "".join(text[each.start : each.end] for each in cuts) == text
    assert [each.line for each in cuts] == [2, 10, 18]


ODD = [
    *(
        "'s-Gravenhage",
        "'0123",
        "'=A1",
        "#N/A",
        "#1 Pub",
        "Err:502",
        "err: none",
        "abc:d",
        "1E+02",
        "1.5E+10",
        " x",
        "x ",
    ),
    *("\u00a0x", "A\u030angstrom", "\u00c5ngstrom", "\uff11\uff12", "12\u200b", "10 000", "", "-", "null"),
]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("member", ["number", "name", "corporateId", "gln"])
def test_an_odd_value_is_read_as_the_full_parser_reads_it(
    member: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {"number": "2", "name": "Two", member: text}
    block = '- number: \'{number}\'\n  name: "{name}"\n  corporateId: "{corporateId}"\n  gln: "{gln}"\n'
    example = {"number": "1", "name": "One", "corporateId": "923456789", "gln": "7080000000000"}
    lines = [
        block.format(**example),
        block.format(**{**example, **members}),
        block.format(**{**example, "number": "3"}),
    ]
    for data in ("".join(lines).encode(), "".join(lines).replace("'", '"').encode()):
        fast = load_texts({"a.yaml": data}, environ={})
        with monkeypatch.context() as context:
            context.setattr(declarations, "simple", lambda *_: None)
            full = load_texts({"a.yaml": data}, environ={})
        assert fast.diagnostics == full.diagnostics
        assert [(one.number, one.values) for one in fast.desired] == [(one.number, one.values) for one in full.desired]
        assert fast.digest == full.digest


def test_an_apostrophe_that_belongs_to_a_name_costs_no_full_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ONE.format(1) + ONE.format(2).replace('"Oslo"', '"\'s-Gravenhage"')
    assert taken(text, monkeypatch) == [Unmerged, FastDeclaration]
