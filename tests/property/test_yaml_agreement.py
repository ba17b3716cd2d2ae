"""The fast path to declarations and the full parser say the same, or the fast one steps aside."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.config.read import declarations, fast_path, simple_lines, yaml_nodes
from reconciler.config.read.declarations import Loaded, load_texts
from reconciler.core.desired import Desired
from reconciler.resources.values import leaves

SUITE = Path(__file__).parents[1] / "data" / "yaml-test-suite"
THOROUGH = settings(derandomize=True, deadline=None, max_examples=60, database=None)
ODD = "ab01Å:- \n\t#&*!|>{}[],'\"%@`?<~.$\\=+/(\u00a0\x85\ufeff\u2028é🎉"

SCALARS = [
    "x", "NO", "0101", "true", "True", "yes", "null", "~", "Null", "1e3", "-5", "+47 12", "1_000", "12.50",
    "12.500", "0", "-0", "0.00", "007", ".5", "1.", "2026-01-31", "2026-02-30", "2026-01-31T00:00:00Z", "12:30:45",
    "Active", "active", "OnHold", '"x"', "'x'", '""', "''", '" "', "'it''s'", "it's", r'"a \"b\" \\ c"',
    r'"\x41\n"', "a  b", "a#b", "a #b", "a # b", "# b", "", "http://x/y:z", "a:b", "a: b", "a :b", "a b:", "- x",
    "-x", "--- x", "...", "(a)", "{a}", "[gln]", "[gln, corporateId]", "[]", "*a", "&a x", "!!str x", "${env:A}",
    "$${env:A}", "${env:GONE}", "'${env:A}'", "|", ">-", '"open', "%x", "@x", "`x", "Å Ø", "x" * 120, "99999999999",
    "NOR", "<<", "?", "? x", "=", "true # yes", '"x"  # yes',
]  # fmt: skip
TEXTS = [
    "x",
    "NO",
    "0101",
    "'it''s'",
    r'"a \"b\" \\ c"',
    "Å Ø",
    "a#b",
    "http://x/y:z",
    '""',
    "~",
    "'1'  # one",
    '"a # b"',
    "Null",
]
GOOD = {
    "status": ["Active", '"OnHold"', "OnHold"],
    "creditLimit": ["12.50", "12.5", "0", "-5", "~", "0.00", "99999999999"],
    "creditDaysPastDue": ["0", "14", "~", "-0"],
    "overrideWithClassValues": ["true", "True", "false # no"],
    "customerClassId": ["1", '" 1 "', "TEST", "01"],
    "parentRecordNumber": ["1", '"2"', "a", "~"],
    "countryId": ["NO", '"SE"', "~", '""'],
    "match": ["[gln]", "[gln, corporateId]"],
    "prevent_update": ["true", "false"],
    "ignore_changes": ["[gln]", "[]"],
    "ref": ["one", '"two"', "3", "four # 4"],
}
"""What fits a field, in several spellings; `TEXTS` fit all others."""
NAMES = [
    *(name for name in GOOD if name not in ("countryId", "prevent_update", "ignore_changes")),
    "name",
    "corporateId",
]
BELOW = {
    "mainAddress": ["addressLine1", "countryId", "city"],
    "mainContact": ["name", "email"],
    "attributes": ["REGION", "x", "X", "A_1"],
    "lifecycle": ["prevent_update", "ignore_changes"],
}
BETWEEN = [[], [], [], [], [], [], ["# note"], [""], ["    # note"]]
WRONG = [["- %s"], ["  - %s"], ["---"], ["nope: %s"], ["name: %s"], ["mainAddress: %s"], [" %s"]]


def rarely(draw: st.DrawFn) -> bool:
    """Whether something odd comes now: nearly all must be right, for the fast path to be taken at all."""
    return draw(st.integers(0, 30)) == 30


@st.composite
def makes(draw: st.DrawFn) -> list[tuple[str, str]]:
    """The lines of a declaration, with %s for each value, and the field that the value is for."""
    made: list[tuple[str, str]] = []
    for name in draw(st.lists(st.sampled_from([*NAMES, *BELOW, *BELOW]), max_size=5, unique=True)):
        if name in BELOW:
            made.append((f"{name}:", ""))
            below = draw(st.lists(st.sampled_from(BELOW[name]), min_size=1, max_size=3, unique=True))
            made += [(f"  {each}:{' ' * draw(st.sampled_from([1, 1, 2]))}%s", each) for each in below]
        else:
            made.append((f"{name}: %s", name))
        made += [(each, "") for each in draw(st.sampled_from(WRONG if rarely(draw) else BETWEEN))]
    return made


def filled(draw: st.DrawFn, line: str, name: str) -> str:
    """The line with a value for its field, or, rarely, with any."""
    values = SCALARS if rarely(draw) else GOOD.get(name, TEXTS)
    return line.replace("%s", draw(st.sampled_from(values))) if "%s" in line else line


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A file of declarations of one make or two, in each form that a file can have."""
    some = draw(st.lists(makes(), min_size=1, max_size=2))
    form = draw(st.sampled_from(["one", "list", "list", "indented", "file", "defaults"]))
    indent = {"one": "", "list": "", "indented": "  "}.get(form, draw(st.sampled_from(["", "  "])))
    first = f"{indent}{'' if form == 'one' else '- '}"
    written = []
    for number in range(1 if form == "one" else draw(st.integers(1, 4))):
        own = draw(st.sampled_from(["number: %d", "number: '%d'", 'number: "%d"'])) % (1 if rarely(draw) else number)
        lines = [filled(draw, *each) for each in draw(st.sampled_from(some))]
        lines = lines if rarely(draw) else [*lines, own] if rarely(draw) else [own, *lines]
        written += [(" " * len(first) if at else first) + line for at, line in enumerate(lines)]
    common = ["defaults:", *(f"  {filled(draw, *each)}" for each in draw(st.sampled_from(some)))]
    head = {"file": ["customers:"], "defaults": [*common, "customers:"]}.get(form, [])
    return "\n".join([*draw(st.sampled_from([[], [], ["# note"], ["---"], [""]])), *head, *written]) + "\n"


OWN = [each.name for each in fields(Desired) if each.name not in ("values", "locate")] + ["values"]


def seen(loaded: Loaded) -> list[Any]:
    """All that a caller can learn of the result, types included."""
    rows: list[Any] = [loaded.digest, loaded.diagnostics]
    for each in loaded.desired:
        paths = [path for path, _ in leaves(each.values)]
        paths += [path[:end] for path in paths for end in range(len(path))] + [
            ("mainAddress",),
            ("number",),
            ("ref",),
            ("nope",) * 2,
        ]
        places = [str(each.locate(path)) for path in paths]
        own = repr([getattr(each, name) for name in OWN])
        rows.append([own, list(leaves(each.values)), places])
    return rows


def both(files: dict[str, bytes], defaults: bytes = b"") -> tuple[Loaded, Loaded]:
    """What the fast path and the full parser make of the files."""
    base = yaml_nodes.parse(defaults, "reconciler.yaml").documents[0] if defaults else None
    assert base is None or isinstance(base, yaml_nodes.Mapping)
    environ = {"A": "x", "EMPTY": ""}
    fast = load_texts(files, defaults=base, environ=environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declarations, "simple", lambda *_: None)
        return fast, load_texts(files, defaults=base, environ=environ)


DEFAULTS = st.sampled_from([b"", b"", b"name: x\nmainAddress: {city: Oslo, countryId: NO}\nmatch: [gln]\n"])


@THOROUGH
@given(st.lists(texts(), min_size=1, max_size=3), DEFAULTS)
def test_generated_files_mean_the_same_on_both_paths(some: list[str], defaults: bytes) -> None:
    fast, reference = both({f"{at}.yaml": text.encode() for at, text in enumerate(some)}, defaults)
    assert seen(fast) == seen(reference)


@THOROUGH
@given(
    texts(),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(list(ODD)), st.booleans()), max_size=3),
    DEFAULTS,
)
def test_files_with_a_few_characters_changed_mean_the_same_on_both_paths(
    text: str, changes: list[tuple[int, str, bool]], defaults: bytes
) -> None:
    for at, character, is_more in changes:
        place = at % len(text)
        text = text[:place] + character + text[place + (not is_more) :]
    fast, reference = both({"a.yaml": text.encode()}, defaults)
    assert seen(fast) == seen(reference)


@THOROUGH
@given(texts(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3))
def test_files_with_a_few_bytes_changed_mean_the_same_on_both_paths(text: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(text.encode())
    for at, byte in changes:
        data[at % len(data)] = byte
    fast, reference = both({"a.yaml": bytes(data)})
    assert seen(fast) == seen(reference)


@pytest.mark.parametrize("file", sorted(SUITE.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_suites_texts_mean_the_same_on_both_paths(file: Path) -> None:
    """As files of their own, and as what stands in a declaration whose make is known."""
    for case in pyyaml.safe_load(file.read_text(encoding="utf-8")):
        if not isinstance(text := case.get("yaml"), str):
            continue
        for hidden, meant in (("␣", " "), ("»", "\t"), ("—", ""), ("←", "\r"), ("⇔", "\ufeff"), ("↵", ""), ("∎\n", "")):
            text = text.replace(hidden, meant)
        known = '- number: "1"\n  name: x\n  mainAddress:\n    city: Oslo\n'
        inside = known + '- number: "2"\n  name: ' + text.replace("\n", "\n    ") + "\n  mainAddress:\n    city: Oslo\n"
        for each in (text, known + text, inside):
            fast, reference = both({"a.yaml": each.encode("utf-8", "surrogatepass")})
            assert seen(fast) == seen(reference)


@THOROUGH
@given(st.text(st.sampled_from(ODD), max_size=12))
@example("a #b")
@example("'it''s' # x")
@example("a :b")
def test_a_line_that_is_taken_for_simple_holds_what_yaml_says_it_holds(value: str) -> None:
    """Text, quotes, place: of the value, and of nothing more."""
    text = f"name: {value}\n"
    found = fast_path.simple(text.encode(), "a")
    block = next(simple_lines.blocks(found)) if found and not found.is_list else None
    if found is None or block is None or len(block.heads) != 1:
        return
    parsed = yaml_nodes.parse(text.encode(), "a")
    assert not [each for each in parsed.diagnostics if each.code == "Y201"]
    if not block.tokens[0]:
        return
    (node,) = parsed.documents
    assert isinstance(node, yaml_nodes.Mapping)
    scalar = node.entries["name"][1]
    assert isinstance(scalar, yaml_nodes.Scalar)
    assert scalar.text == simple_lines.unquoted(block.tokens[0])
    assert scalar.plain == (block.tokens[0][0] not in "'\"")
    assert (scalar.line, scalar.column) == (1, len(block.heads[0]) + 1)


def test_most_files_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The full parser sees one declaration of a make, however many there are."""
    composed = []
    compose = yaml_nodes.compose

    def counted(text: str, file: str, **how: Any) -> yaml_nodes.Parsed:
        composed.append(text)
        return compose(text, file, **how)

    monkeypatch.setattr(yaml_nodes, "compose", counted)
    one = "- number: '%d'  # note\n  name: Å %d\n  mainAddress:\n    city: Oslo\n  attributes:\n    REGION: NORTH\n"
    text = "# note\n" + "".join(one % (each, each) for each in range(50))
    loaded = load_texts({"a.yaml": text.encode()}, environ={})
    assert len(loaded.desired) == 50
    assert len(composed) == 1
