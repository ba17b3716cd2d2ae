"""The composer: structure, positions, and every problem as a diagnostic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import Bounds
from reconciler.config.read.yaml_nodes import Mapping, Node, Scalar, Sequence, parse
from reconciler.core.diagnostics import Severity

SUITE = Path(__file__).parents[2] / "data" / "yaml-test-suite"


def codes(text: str | bytes) -> list[str]:
    return [each.code for each in parse(text if isinstance(text, bytes) else text.encode(), "f").diagnostics]


def only(text: str) -> Node:
    parsed = parse(text.encode(), "f")
    assert parsed.diagnostics == ()
    (node,) = parsed.documents
    return node


def plain(node: Node) -> Any:
    """Keys and texts alone."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text


def at(node: Node | None) -> tuple[int, int]:
    assert node is not None
    return node.line, node.column


def test_each_node_knows_its_line_and_column_in_characters() -> None:
    node = only("a: é🎉\nb:\n  - x\n  - {c: 'y', æ: z}\n")
    assert isinstance(node, Mapping)
    assert at(node) == (1, 1)
    assert at(node.get("a")) == (1, 4)
    items = node.get("b")
    assert isinstance(items, Sequence)
    assert at(items) == (3, 3)
    assert at(items.items[0]) == (3, 5)
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert at(inner.get("æ")) == (4, 17)
    assert at(inner.entries["æ"][0]) == (4, 14)


def test_positions_are_the_same_with_windows_line_ends() -> None:
    node = only("a: 1\r\nb:\r\n  c: 2\r\n")
    assert isinstance(node, Mapping)
    assert at(node.get("b")) == (3, 3)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: &x text\nb: *x", (1, 7)),
        ("a: &x\n  b: 1", (2, 3)),
        ("a: &x # note\n\n  - 1", (3, 3)),
        ("a: &x {b: 1}", (1, 7)),
        ("a: &x 'q'\nb: *x", (1, 7)),
    ],
)
def test_an_anchored_value_stands_behind_its_anchor(text: str, where: tuple[int, int]) -> None:
    node = only(text)
    assert isinstance(node, Mapping)
    assert at(node.get("a")) == where


def test_a_scalar_keeps_its_text_and_whether_it_is_plain() -> None:
    node = only("[0101, '0101', \"a\\tb\", ~, '~', null, 'null', '']")
    assert isinstance(node, Sequence)
    found = [(each.text, each.plain, each.is_null) for each in node.items if isinstance(each, Scalar)]
    assert found == [
        ("0101", True, False),
        ("0101", False, False),
        ("a\tb", False, False),
        ("~", True, True),
        ("~", False, False),
        ("null", True, True),
        ("null", False, False),
        ("", False, False),
    ]


def test_an_alias_stands_for_the_anchors_node_with_its_place() -> None:
    node = only("a: &x {b: 1}\nc: *x\n")
    assert isinstance(node, Mapping)
    assert node.get("c") is node.get("a")
    assert at(node.get("c")) == (1, 7)


def test_anchors_end_with_their_document() -> None:
    assert codes("a: &x 1\nb: *x\n---\nb: *x\n") == ["Y204"]


def test_an_alias_can_be_a_key_and_stands_where_it_is_written() -> None:
    node = only("a: &x name\n*x : 1\n")
    assert isinstance(node, Mapping)
    assert at(node.entries["name"][0]) == (2, 1)


def test_merge_keys_follow_yaml_1_1() -> None:
    node = only(
        "one: &one {a: 1, b: 1, c: 1}\ntwo: &two {a: 2, d: 2}\n"
        "both: {<<: [*two, *one], b: own}\nsingle:\n  c: own\n  <<: *one\n"
    )
    assert isinstance(node, Mapping)
    assert plain(node)["both"] == {"a": "2", "b": "own", "c": "1", "d": "2"}
    assert plain(node)["single"] == {"a": "1", "b": "1", "c": "own"}


def test_a_merged_value_stands_where_it_was_written() -> None:
    node = only("one: &one\n  a: 1\nall:\n  <<: *one\n  b: 2\n")
    assert isinstance(node, Mapping)
    both = node.get("all")
    assert isinstance(both, Mapping)
    assert (at(both.get("a")), at(both.get("b"))) == ((2, 6), (5, 6))


def test_a_quoted_merge_key_is_a_key() -> None:
    assert plain(only("'<<': x")) == {"<<": "x"}


@pytest.mark.parametrize("value", ["x", "[a]", "[[]]", "~"])
def test_a_merge_key_takes_mappings_only(value: str) -> None:
    assert codes(f"<<: {value}") == ["Y208"]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "Y202", 3, 1),
        ("{<<: {a: 1}, <<: {b: 1}}", "Y202", 1, 14),
        ("a: !!str 5", "Y203", 1, 4),
        ("a: ! 5", "Y203", 1, 4),
        ("a: !x {b: 1}", "Y203", 1, 4),
        ("a: !!python/object:os.system x", "Y203", 1, 4),
        ("a: *nope", "Y204", 1, 4),
        ("a: &x [*x]", "Y205", 1, 8),
        ("&x {a: *x}", "Y205", 1, 8),
        ("[a]: 1", "Y207", 1, 1),
        ("? {a: 1}\n: 1", "Y207", 1, 3),
        ("a: b: c", "Y201", 1, 5),
        ("a: 'x", "Y201", 1, 6),
        ("a: [1,\n", "Y201", 2, 1),
        ("a:\n\tb: 1", "Y201", 2, 1),
        ("a: @x", "Y201", 1, 4),
        ("a: \x07", "Y211", 1, 4),
        ("é: 1\nb: é\x00", "Y211", 2, 5),
        ("a: x\u2028y", "Y211", 1, 5),
        ("a: x\x85y", "Y211", 1, 5),
        ('a: "\\0"', "Y211", 1, 4),
    ],
)
def test_each_problem_has_its_code_and_place(text: str, code: str, line: int, column: int) -> None:
    found = parse(text.encode(), "f").diagnostics
    assert [(each.code, each.source and (each.source.line, each.source.column)) for each in found] == [
        (code, (line, column))
    ]
    assert found[0].remedy


def test_a_duplicate_key_names_both_places() -> None:
    (found,) = parse(b"a: 1\nb: 2\na: 3\n", "x/f.yaml").diagnostics
    assert str(found.source) == "x/f.yaml:3:1"
    assert "x/f.yaml:1:1" in found.summary


def test_bytes_that_are_no_utf8_are_located() -> None:
    (found,) = parse("a: 1\nbé: ".encode() + b"\xff", "f").diagnostics
    assert (found.code, found.source and (found.source.line, found.source.column)) == ("Y210", (2, 5))


def test_utf16_is_named() -> None:
    (found,) = parse("a: 1".encode("utf-16"), "f").diagnostics
    assert found.code == "Y210"
    assert "UTF-16" in found.summary


def test_a_byte_order_mark_warns_and_moves_no_column() -> None:
    parsed = parse(b"\xef\xbb\xbfa: 1", "f")
    assert [(each.code, each.severity) for each in parsed.diagnostics] == [("Y209", Severity.WARNING)]
    assert at(parsed.documents[0]) == (1, 1)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n---\n", "~", "--- null\n..."])
def test_a_file_without_content_warns(text: str) -> None:
    parsed = parse(text.encode(), "f")
    assert parsed.documents == ()
    assert [(each.code, each.severity) for each in parsed.diagnostics] == [("Y214", Severity.WARNING)]


def test_several_documents_are_read_and_empty_ones_passed_over() -> None:
    parsed = parse(b"a: 1\n---\n---\nb: 2\n...\n---\nc: 3\n", "f")
    assert [plain(each) for each in parsed.documents] == [{"a": "1"}, {"b": "2"}, {"c": "3"}]


def test_what_stands_before_a_syntax_error_is_still_checked() -> None:
    assert codes("a: 1\na: 2\nb: !!int 1\nc: [\n") == ["Y202", "Y203", "Y201"]


def test_too_large_a_file_is_not_read() -> None:
    (found,) = parse(b"a: 12345", "f", Bounds(file_size=5)).diagnostics
    assert found.code == "Y213"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "".join(" " * n + "a:\n" for n in range(900))]
)
def test_deep_nesting_is_a_problem_and_no_crash(text: str) -> None:
    started = time.process_time()
    assert codes(text)[0] in ("Y212", "Y201")
    assert time.process_time() - started < 5


def test_fifty_levels_are_not_too_deep() -> None:
    assert codes("[" * 50 + "]" * 50) == []
    assert codes("[" * 51 + "]" * 51) == ["Y212"]


def bombs() -> Iterator[str]:
    laughs = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        laughs.append(f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]")
    yield "\n".join(laughs)
    many = ", ".join(f"k{n}: 1" for n in range(2000))
    yield f"a: &a {{{many}}}\n" + "\n".join(f"b{n}: {{<<: *a}}" for n in range(2000))
    yield f"a: &a [{', '.join(['x'] * 5000)}]\nb: [{', '.join(['*a'] * 5000)}]"


@pytest.mark.parametrize("text", list(bombs()), ids=["laughs", "merges", "quadratic"])
def test_an_alias_bomb_is_found_in_bounded_time(text: str) -> None:
    started = time.process_time()
    assert codes(text) == ["Y206"]
    assert time.process_time() - started < 5


def test_honest_use_of_aliases_is_no_bomb() -> None:
    common = ", ".join(f"k{n}: 1" for n in range(15))
    text = f"- &a {{{common}}}\n" + "".join(f"- {{<<: *a, number: {n}, name: x}}\n" for n in range(20_000))
    assert codes(text) == []


def test_mappings_merge_member_by_member_and_all_else_is_replaced() -> None:
    base, over = only("{a: 1, b: {c: 1, d: 1}, e: [1, 2]}"), only("{b: {c: 2}, e: [3], f: ~}")
    assert plain(yaml_nodes.merged(base, over)) == {
        "a": "1",
        "b": {"c": "2", "d": "1"},
        "e": ["3"],
        "f": "~",
    }


def test_a_chain_of_aliases_is_as_deep_as_what_it_stands_for() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 2000))
    (found,) = parse(text.encode(), "f").diagnostics
    assert (found.code, found.source and found.source.line) == ("Y212", 50)


def test_a_file_of_nothing_but_problems_is_given_up() -> None:
    found = codes("a: 1\n" * 5000)
    assert (len(found), found[0], found[-1]) == (1001, "Y202", "Y216")


def test_the_parser_without_libyaml_gives_the_same_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x [0101, 'q', \"é\\t\"]\nb: {c: *x, d: !!str 1}\n---\n- |\n  block\n"
    fast = parse(text.encode(), "f")
    monkeypatch.setattr(yaml_nodes, "_Loader", pyyaml.SafeLoader)
    slow = parse(text.encode(), "f")
    assert slow.diagnostics == fast.diagnostics
    assert [plain(each) for each in slow.documents] == [plain(each) for each in fast.documents]


# -- mistakes that the parser's own words hide


@pytest.mark.parametrize(
    ("text", "code", "where", "remedy"),
    [
        ('a: "Gamle" Bakeri AS\n', "Y219", (1, 12), "'\"Gamle\" Bakeri AS'"),
        ("- 'it's fine'\n- b\n", "Y219", (1, 7), '"it\'s fine"'),
        ('a: "Firma "Nord" AS"\n', "Y219", (1, 12), "'Firma \"Nord\" AS'"),
        ('a: ["x" y, z]\n', "Y219", (1, 9), "'\"x\" y'"),
        ("a:\u00a0\n  b: 1\n", "Y220", (1, 3), "space"),
        ("a:\n\u00a0 b: 1\n", "Y220", (2, 1), "space"),
        ("a:\n  b:\u2009x\n", "Y220", (2, 5), "space"),
        ("-\u3000a: 1\n", "Y220", (1, 2), "space"),
        ("a: &Tradition Møbler AS\n", "Y221", (1, 4), '"&Tradition Møbler AS"'),
        ("a: &Tradition\n", "Y221", (1, 4), '"&Tradition"'),
        ("- &x one\n- &x two\n- *x\n", "Y221", (1, 3), '"&x one"'),
    ],
)
def test_the_cause_of_an_error_is_told_at_its_place(text: str, code: str, where: tuple[int, int], remedy: str) -> None:
    (found,) = parse(text.encode(), "f").diagnostics
    assert (found.code, found.source and (found.source.line, found.source.column)) == (code, where)
    assert remedy in found.remedy


@pytest.mark.parametrize(
    "text",
    [
        "a: Kontakt:\u00a0Per\n",
        "a: |\n  \u00a0x\n",
        "a: &x one\nb: *x\n",
        "a: &x {b: 1}\n",
        "- &x\n  a: 1\n",
        'a: "x" # y\nb: [\'x\', "y"]\n',
    ],
)
def test_what_only_looks_like_such_a_mistake_is_none(text: str) -> None:
    assert parse(text.encode(), "f").diagnostics == ()


# -- the public test suite


def suite() -> Iterator[Any]:
    for file in sorted(SUITE.glob("*.yaml")):
        case: dict[str, Any] = {}
        for number, each in enumerate(pyyaml.safe_load(file.read_text(encoding="utf-8"))):
            case = {**case, **each}  # a case takes over what it does not say itself
            if "yaml" in case and not case.get("skip"):
                yield pytest.param(_real(case["yaml"]), id=f"{file.stem}-{number}")


def _real(text: str) -> str:
    """The suite writes invisible characters visibly."""
    for shown, meant in (("␣", " "), ("———»", "\t"), ("——»", "\t"), ("—»", "\t"), ("»", "\t"), ("↵", "")):
        text = text.replace(shown, meant)
    return text.replace("∎\n", "").replace("←", "\r").replace("⇔", "\ufeff")


@pytest.mark.parametrize("text", list(suite()))
def test_the_yaml_test_suite_never_raises_and_agrees_with_pyyaml(text: str) -> None:
    """Where PyYAML composes the text, and it holds nothing that declarations must not, the structure is the same."""
    parsed = parse(text.encode(), "f")
    composed, refusal = _pyyaml(text)
    if refusal:
        # PyYAML refuses an anchor that is set again; YAML allows it
        assert parsed.diagnostics or "duplicate anchor" in refusal
        return
    if any(each.severity is Severity.ERROR for each in parsed.diagnostics):
        assert {each.code for each in parsed.diagnostics} <= {"Y202", "Y203", "Y207", "Y208", "Y211", "Y221"}
        return
    nulls = [
        isinstance(each, pyyaml.ScalarNode) and not each.style and each.value in yaml_nodes.NULLS for each in composed
    ]
    expected = [_composed(each) for each, null in zip(composed, nulls, strict=True) if not null]
    assert [plain(each) for each in parsed.documents] == expected


def _pyyaml(text: str) -> tuple[list[Any], str]:
    """PyYAML's nodes, or why it refuses the text."""
    try:
        return [each for each in pyyaml.compose_all(text, Loader=pyyaml.CSafeLoader) if each is not None], ""
    except pyyaml.YAMLError as error:
        return [], str(error)


def _composed(node: Any) -> Any:
    if isinstance(node, pyyaml.MappingNode):
        return {_composed(key): _composed(value) for key, value in node.value}
    if isinstance(node, pyyaml.SequenceNode):
        return [_composed(item) for item in node.value]
    return node.value


@pytest.mark.parametrize(
    ("text", "place"),
    [("name: Butikk #1 AS\n", (1, 14)), ("- a: 1\n- å: b  #c\n  c: d\n", (2, 9)), ("a: &x b\n  c #d\nb: *x", (2, 5))],
)
def test_a_text_that_is_cut_at_a_mark_without_a_space_is_warned_of(text: str, place: tuple[int, int]) -> None:
    """` #1` begins a comment in YAML, and a name loses its end without a word."""
    (found,) = parse(text.encode(), "a.yaml").diagnostics
    assert (found.code, found.severity) == ("Y218", Severity.WARNING)
    assert found.source is not None
    assert (found.source.line, found.source.column) == place


@pytest.mark.parametrize(
    "text",
    [
        "a: b # c",
        "a: 'b' #c",
        'a: "b #1"',
        "a: b#1",
        "a: 10 #c",
        "a: #c\nb: c",
        "#c\n  #d\na: b",
        "a: b ## c",
        "a:\n  #b",
    ],
)
def test_an_ordinary_comment_is_not_warned_of(text: str) -> None:
    assert parse(text.encode(), "a.yaml").diagnostics == ()
