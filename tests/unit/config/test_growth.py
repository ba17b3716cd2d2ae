"""Work grows with the length of the input and no faster: for reading, formatting, rewriting and adding mutes.

Work is counted, not timed: lines of Python that run, and steps of regular expressions (`regex_steps`). For a linear
cost, the increase from 2n to 4n is twice that from n to 2n; for a quadratic one it is four times as much.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

import reconciler.config.edit.mutes
import reconciler.config.read.simple_lines
import reconciler.config.settings
from reconciler.config.edit.accept import accept
from reconciler.config.edit.canonical import canonical
from reconciler.config.edit.mutes import with_mute
from reconciler.config.edit.numbers import write_numbers
from reconciler.config.edit.proposed_edits import ProposedEdit, proposed_edits
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.yaml_writer import Literal
from reconciler.config.read.declarations import load_texts
from reconciler.config.read.globs import matches
from reconciler.config.read.mutes import read_mutes
from reconciler.core.errors import InvalidInput
from reconciler.core.live import Live
from reconciler.core.mutes import Mute
from reconciler.core.rules import Memory, Rules
from reconciler.resources.values import Values
from tests.unit.config import regex_steps
from tests.unit.config.regex_steps import CountedPattern, Counter

BOUND = 2.6
SIZE = 30
HERE = (__file__, regex_steps.__file__)


@contextmanager
def counting() -> Iterator[Counter]:
    """What runs meanwhile, as steps."""
    counter = Counter()

    def line(_frame: FrameType, event: str, _argument: object) -> Any:
        counter.steps += event == "line"
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        return None if frame.f_code.co_filename in HERE else line

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            for member, value in list(vars(module).items()) if name.startswith("reconciler.") else ():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):  # lines count for those of bytes
                    patch.setattr(module, member, CountedPattern(value, counter))
        compiler = SimpleNamespace(
            MULTILINE=re.MULTILINE, compile=lambda text, flags: CountedPattern(re.compile(text, flags), counter)
        )
        patch.setattr(reconciler.config.read.simple_lines, "re", compiler)
        before, limit = sys.gettrace(), sys.getrecursionlimit()
        sys.setrecursionlimit(20_000)
        sys.settrace(call)
        try:
            yield counter
        finally:
            sys.settrace(before)
            sys.setrecursionlimit(limit)


def growth(make: Callable[[int], Any], run: Callable[[Any], object], size: int = SIZE) -> float:
    """How many times the increase from n to 2n the increase from 2n to 4n is."""
    run(make(size))  # imports, and what is built once
    work = []
    for count in (size, 2 * size, 4 * size):
        value = make(count)
        with counting() as counter:
            run(value)
        work.append(counter.steps)
    one, two, four = work
    return (four - two) / max(two - one, size)


def numbered(text: str) -> Callable[[int], str]:
    """The text so many times, with its number in place of %d."""
    return lambda count: "".join(text.replace("%d", str(1000 + at)) for at in range(count))


def after(head: str, text: str, tail: str = "\n") -> Callable[[int], str]:
    """Something repeated between a head and a tail."""
    return lambda count: head + numbered(text)(count) + tail


ONE = 'number: "1"\n'
TEXTS: dict[str, Callable[[int], str]] = {
    "blanks inside a text": after(ONE + "name: A", " ", "x\n"),
    "blanks after a text": after(ONE + "name: A", " "),
    "blanks before a comment": after(ONE + "name: A", " ", "#x\n"),
    "blanks before a comment in quotes": after(ONE + 'name: "A"', " ", "# x\n"),
    "blanks in a line of their own": after(ONE, " ", "\nname: A\n"),
    "blanks after an anchor": after(ONE + "name: &a", " ", "A\naccountReference: *a\n"),
    "blanks before a colon": after(ONE + "name", " ", ": A\n"),
    "blanks after a date": after(ONE + "attributes: {A: 2026-01-31", " ", "x}\n"),
    "blanks and tabs": after(ONE + "name: A", " \t", "x\n"),
    "lines of blanks": after(ONE, " " * 20 + "\n", "name: A\n"),
    "empty lines": after(ONE, "\n", "name: A\n"),
    "comments": after(ONE, "# x\n", "name: A\n"),
    "indented comments": after(ONE, " " * 20 + "# x\n", "name: A\n"),
    "deep indents": lambda count: "".join("  " * at + "a:\n" for at in range(int((4 * count) ** 0.5))),
    "a deep first item": lambda count: " " * count + "- number: '1'\n" + " " * count + "- number: '2'\n",
    "a deep last member": after(ONE + "mainAddress:\n  city: A\n", "    # x\n", "name: A\n"),
    "escaped quotes": after(ONE + 'name: "', '\\"', '"\n'),
    "an open quote": after(ONE + 'name: "', 'a "" ', "\n"),
    "open variables": after(ONE + 'name: "', "${env:A:-", '"\n'),
    "nested variables": after(ONE + 'name: "', "${env:A:-", "x" + "}" * 20 + '"\n'),
    "malformed variables": after(ONE + 'name: "', "${x ", '"\n'),
    "dollars": after(ONE + 'name: "', "$", '"\n'),
    "blank lines in a block": after(ONE + "note: |\n  x\n", "\n", "name: A\n"),
    "blank lines in a kept block": after(ONE + "note: |+\n  x\n", "\n", "name: A\n"),
    "blank lines with carriage returns": after(ONE + "note: |\n  x\n", "\r\n", "name: A\n"),
    "lines of a block": after(ONE + "note: |\n", "  x\n", "name: A\n"),
    "attributes": after(ONE + "attributes:\n", "  A%d: NO\n"),
    "attributes in braces": after(ONE + "attributes: {", "A%d: NO, ", "B: x}\n"),
    "the same key": after(ONE, "name: A\n"),
    "unknown keys": after(ONE, "nam%d: A\n"),
    "lines of a list": after(ONE + "directDebitLines:\n", "  - {mandateId: M%d, bic: x, iban: DK5000400440116243}\n"),
    "equal lines of a list": after(ONE + "directDebitLines:\n", "  - {mandateId: M, bic: x, iban: NO9386011117947}\n"),
    "lists in match": after(ONE + "match: [", "[a%d], b%d, ", "c]\n"),
    "paths": after(ONE + "lifecycle: {ignore_changes: [", "x%d, ", "name]}\n"),
    "customers": numbered("- number: '%d'\n  name: A\n"),
    "customers on the full path": numbered("- number: '%d'\n  name: >-\n    A\n  countryId: x\n"),
    "customers in the wrong order": numbered("- name: A\n  number: '%d'\n"),
    "the same customer": numbered("- number: '1'\n  name: A\n"),
    "wrong customers": numbered("- number: '%d'\n  nam: A\n"),
    "defaults": after("defaults:\n  attributes:\n", "    A%d: x\n", "customers:\n  - number: '1'\n    name: A\n"),
    "anchors": numbered("- number: &a%d '%d'\n  name: *a%d\n"),
    "merged": lambda count: (
        numbered("- &a%d {number: '%d', name: A}\n")(count)
        + "- <<: ["
        + ", ".join(f"*a{1000 + at}" for at in range(count))
        + "]\n"
    ),
    "digits": after(ONE + "creditLimit: ", "1"),
    "separators": after(ONE + "creditLimit: 1", ",000"),
    "colons": after(ONE + "name: ", ":"),
    "lists in lists": lambda count: "- " * (count // 3) + "a\n",
    "open braces": lambda count: "{" * (count // 3),
    "customers:": after("", "customers:\n", "- number: '1'\n"),
    "forbidden characters": after(ONE + 'name: "', "\x07", '"\n'),
    "escaped controls": after(ONE + 'name: "', "\\x07", '"\n'),
    "line breaks in a line": after(ONE + 'name: "', "\\n", '"\n'),
    "strange characters in a number": after('number: "', "\u201c", '"\n'),
    "blanks that YAML does not know": numbered("a%d:\u00a0x\n"),
    "anchors that nothing uses": numbered("- &a%d x\n"),
    "quotes that end early": after(ONE + "name: ", '"a" ', "x\n"),
    "conflicts": after("", "<<<<<<< a\n", ""),
    "documents": numbered("---\nnumber: '%d'\nname: A\n"),
}


def path_of_name(text: str) -> tuple[str | int, ...]:
    """The path of the first customer's name."""
    start = text.lstrip()
    return (0, "name") if start.startswith("- ") else ("customers", 0, "name") if start[0] in "cd" else ("name",)


def validated(text: str) -> None:
    load_texts({"a.yaml": text.encode()}, environ={})


def formatted(text: str) -> None:
    canonical(text.encode(), "a.yaml")


def rewritten(text: str) -> None:
    try:
        rewrite(text.encode(), "a.yaml", [Edit(0, path_of_name(text), Literal("new"))])
    except (IndexError, ValueError):
        pytest.skip("the text is no list or has no document, so that no edit has this path")


def muted(text: str) -> None:
    for data in (text, text.replace(ONE, "- number: '1'\n  path: name\n  until: 2026-01-01\n  reason: x\n")):
        read_mutes(data.encode(), "a.yaml", declared=(), day="2026-01-01")
        try:
            with_mute(data.encode(), "a.yaml", Mute("2", "name", "2026-01-01", "x", None))
        except InvalidInput:
            continue


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("run", [validated, formatted, rewritten, muted])
def test_work_grows_no_faster_than_the_text(run: Callable[[str], None], text: str) -> None:
    assert growth(TEXTS[text], run) <= BOUND


def accepted(text: str) -> None:
    """Each customer's name and each attribute gets another value, and all lines but the first are dropped."""
    edits: list[ProposedEdit] = []
    for desired in load_texts({"a.yaml": text.encode()}, environ={}).desired:
        attributes, lines = (desired.values.get(name, {}) for name in ("attributes", "directDebitLines"))
        assert isinstance(attributes, dict)
        assert isinstance(lines, dict)
        values: Values = {"name": "B", "attributes": dict.fromkeys(attributes, "B"), "directDebitLines": {}}
        values["directDebitLines"] = dict(list(lines.items())[:1])
        edits += proposed_edits(desired, Live(1, desired.number or "", "v", values), Rules(), Memory())
    assert edits
    result = accept(text.encode(), "a.yaml", edits, rules=Rules(), memory=Memory(), environ={})
    assert not result.denied


def partly_accepted(text: str) -> None:
    """Each customer's name and reference get another value, and a country that no declaration can hold."""
    edits: list[ProposedEdit] = []
    for desired in load_texts({"a.yaml": text.encode()}, environ={}).desired:
        values: Values = {"name": "B", "accountReference": "X", "mainAddress": {"countryId": "ZZ"}}
        edits += proposed_edits(desired, Live(1, desired.number or "", "v", values), Rules(), Memory())
    result = accept(text.encode(), "a.yaml", edits, rules=Rules(), memory=Memory(), environ={})
    assert result.denied


def all_numbered(text: str) -> None:
    write_numbers(text.encode(), "a.yaml", {f"r{1000 + at}": str(at) for at in range(text.count("ref:"))}, environ={})


@pytest.mark.parametrize(
    "make",
    [
        numbered("- number: '%d'\n  name: A\n"),
        after(ONE + "name: A\nattributes:\n", "  A%d: x\n"),
        after(
            ONE + "name: A\ndirectDebitLines: {complete: true, lines: [",
            "{mandateId: M%d, bic: x, iban: NO9386011117947}, ",
            "]}\n",
        ),
    ],
)
def test_the_work_of_accept_grows_no_faster_than_the_text(make: Callable[[int], str]) -> None:
    assert growth(make, accepted, 8) <= BOUND


@pytest.mark.parametrize(
    "make",
    [
        TEXTS["merged"],  # the file has an error
        numbered("- {number: '%d', name: A, mainAddress: {countryId: NO}}\n"),  # a value is none of the field's
        numbered("- {number: '%d', name: A, accountReference}\n"),  # a place cannot be written
    ],
)
def test_the_work_of_refusing_what_cannot_be_accepted_grows_no_faster_than_the_text(make: Callable[[int], str]) -> None:
    assert growth(make, partly_accepted, 4) <= BOUND


def test_the_work_of_writing_numbers_grows_no_faster_than_the_text() -> None:
    assert growth(numbered("- ref: r%d\n  corporateId: '%d'\n"), all_numbered) <= BOUND


def test_the_work_of_finding_files_grows_no_faster_than_the_folder(tmp_path: Path) -> None:
    """Also where each name is a problem."""

    def folder(count: int) -> Path:
        root = tmp_path / str(count)
        (root / "customers").mkdir(parents=True, exist_ok=True)
        for at in range(count):
            link = root / "customers" / f"{at}.yaml"
            if not link.is_symlink():
                link.symlink_to("/nowhere/at/all")
        return root

    assert growth(folder, lambda root: matches("customers/**/*.yaml", root)) <= BOUND
