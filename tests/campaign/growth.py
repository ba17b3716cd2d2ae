"""Input doubled, work at most doubled: `python -m tests.campaign.growth`, for each entry of reading, editing, answers.

Work is counted, never timed, as in `tests/unit/config/test_growth.py`: lines of Python and steps of regular
expressions. An example is a frame and a piece that is repeated in it n, 2n and 4n times. The pieces are those of that
test, and others drawn from tokens of YAML, JSON and HTML, naughty strings and single characters. Where the work grows
faster, the example is tried at twice the size, too: what only passes a limit on its way is then linear.

The run prints for each entry how many examples and inputs were tried, and the worst growth; 2 is linear.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.shell.rewriting import unified_diff
from reconciler.config.edit.canonical import canonical
from reconciler.config.edit.write_files import Replacement
from reconciler.config.settings import check_settings
from reconciler.core.errors import ReconcilerError
from reconciler.core.filters import parse_attributes, parse_bounds, parse_text
from reconciler.core.ports import Need
from reconciler.erp.answer import Answer, parse_leniently, parse_rows_apart
from reconciler.erp.auth import read_token
from reconciler.erp.classes import decode_classes
from reconciler.erp.decode import bare_version, decode_own, decode_row
from reconciler.reports.records import parse_paths
from reconciler.reports.redact import Redactor
from reconciler.resources.customer import FIELDS
from reconciler.state import plan_file
from tests.campaign.fuzz_texts import NAUGHTY, TOKENS
from tests.unit import test_growth as texts
from tests.unit.config import test_growth as yaml
from tests.unit.config.test_growth import BOUND, ONE, growth

SIZE = 16
NEED = Need(frozenset(FIELDS) - {"note", "salesPersons"}, {})

# ---- entries: each takes a text, and may refuse it with one of the documented errors ----


def _settings(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reconciler.yaml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        check_settings(path, environment=None, environ={"A": "x"})


def _plan(text: str) -> None:
    for data in (text, f'{{"format": "reconciler-plan", "x": {json.dumps(text)}}}'):
        with suppress(ReconcilerError):
            plan_file.loads(data.encode(errors="surrogatepass"), "plan.json")


def _options(text: str) -> None:
    for read in (
        parse_paths,
        lambda word: parse_text("NAME", word),
        lambda word: parse_bounds("--modified", word),
        lambda word: parse_attributes([word, f"A={word}"]),
    ):
        with suppress(ReconcilerError):
            read(text)


def _rows(text: str) -> None:
    said = json.dumps(text)
    row = f'{{"number": {said}, "internalId": 1, "name": {said}, "attributes": [{{"id": {said}, "value": {said}}}]}}'
    for body in (text, f"[{row}]", f"[{row}, {text}]", f"[{text}", f'[{{"number": "1", "creditLimit": {text}}}]'):
        for parse in (parse_leniently, parse_rows_apart):
            with suppress(ReconcilerError, ValueError):
                answer = parse(body.encode(errors="surrogatepass"))
                for one in answer if isinstance(answer, list) else ():
                    decode_row(one, NEED, "row 1")
    bare_version(text)
    with suppress(ReconcilerError):
        decode_own("note", {"note": text})


def _classes(text: str) -> None:
    decode_classes([{"id": text, "attributes": [{"attributeId": text, "details": [{"id": text}]}]}])


def _token(text: str) -> None:
    for body in (text, json.dumps({"access_token": text, "expires_in": text})):
        with suppress(ReconcilerError):
            read_token(Answer(200, {}, body.encode(errors="surrogatepass")), 0.0)


def _redacted(text: str) -> None:
    Redactor(b"0" * 16).text(f'a "{text}" b {text}', [text, text[:9], text[:5]])


def _answered(text: str) -> None:
    texts.answered(text.encode(errors="replace").decode())


def _skipping(run: Callable[[str], None]) -> Callable[[str], None]:
    """What takes declarations; a text that no edit fits is passed over."""

    def entry(text: str) -> None:
        with suppress(pytest.skip.Exception, ReconcilerError):
            run(text.encode(errors="replace").decode())

    return entry


def _edited(text: str) -> None:
    for run in (yaml.accepted, yaml.partly_accepted):
        with suppress(AssertionError):  # it has no edits where the text has no sound declaration
            run(text)


def _formatted_diff(text: str) -> None:
    data = text.encode()
    unified_diff(Replacement(Path("a.yaml"), "a.yaml", data, canonical(data, "a.yaml").data))


def _accepted_diff(text: str) -> None:
    """What `accept --dry-run` shows where each second line gets another end; the edits have an entry of their own."""
    lines = text.encode().splitlines(keepends=True)
    other = [line.rstrip() + b" x\n" if at % 2 else line for at, line in enumerate(lines)]
    unified_diff(Replacement(Path("a.yaml"), "a.yaml", b"".join(lines), b"".join(other)))


IN_YAML: dict[str, Callable[[str], None]] = {
    "read declarations": _skipping(yaml.validated),
    "read settings": _settings,
    "read and add mutes": _skipping(yaml.muted),
    "edit: fmt": _skipping(yaml.formatted),
    "edit: one value": _skipping(yaml.rewritten),
    "edit: accept": _skipping(_edited),
    "edit: numbers": _skipping(yaml.all_numbered),
    "show: fmt --diff": _skipping(_formatted_diff),
    "show: accept --dry-run": _skipping(_accepted_diff),
}
"""Entries that take a file of YAML."""

BARE: dict[str, Callable[[str], None]] = {
    "read plan files": _plan,
    "read options": _options,
    "read paths": texts.named,
    "check values": texts.checked,
    "answer: refusals": _answered,
    "answer: rows": _rows,
    "answer: classes": _classes,
    "answer: tokens": _token,
    "show: diffs": texts.diffed,
    "show: texts": texts.displayed,
    "show: what changed": texts.compared,
    "show: redacted": _redacted,
}
"""Entries that take any text."""

# ---- examples ----

FRAMES: tuple[tuple[str, str], ...] = (
    ("", ""),
    (ONE, ""),
    (ONE + "name: ", "\n"),
    (ONE + 'name: "', '"\n'),
    (ONE + "name: '", "'\n"),
    (ONE + "name: |\n  ", "\n"),
    (ONE + "note: >\n  ", "\n"),
    (ONE + "name: A #", "\n"),
    (ONE + "# ", "\nname: A\n"),
    (ONE + "attributes: {A: ", "}\n"),
    (ONE + "attributes:\n  A: ", "\n"),
    (ONE + "creditLimit: ", "\n"),
    (ONE + "mainAddress: {postalCode: '", "', countryId: NO}\n"),
    ("- number: '1'\n  name: A\n", "\n"),
    ("- ref: a\n  corporateId: ", "\n"),
    ("customers:\n  - number: '1'\n    name: ", "\n"),
    ("version: 1\ncompany: ", "\n"),
    ("version: 1\ncustomers: [", "]\n"),
    ("version: 1\nguards: {updates: ", "}\n"),
)
"""What stands around a piece in a file."""
BITS = (
    "name: A\n", "  x: y\n", "- a\n", "a: b, ", "A%d: x\n", "  A%d: x\n", "- number: '%d'\n", "- {ref: r%d}\n",
    "&a%d x ", "*a ", "? ", "<<: ", "{a: ", "[a, ", '"a" ', "'a' ", "'' ", '\\"', "\\n", "\\x41", "\\u0041",
    "${env:A}", "${env:A:-", "$${", "#x\n", " #", "\t", " \n", "\n\n", "\u00a0", "\u200b", "\u2028", "\ufeff",
    "1.000", "1,0", "E+0", "000", "#N/A ", ": ", ":", "-", "--- ", "...\n", "%", "@", "`", "|", ">-\n",
    '{"a": ', '"},', "[[", "]]", "\\\\", "<a>", "<!--", "-->", "<script>", "&amp;", " was answered 500 ",
    " (ERP reference ", "a@b ", "directDebitLines.", '["', "VismaId: ", "::", "##[", "a.b,", "=", ">=",
    "2026-01-31", "'", '"', " ", "\r\n", "\x1b[", "redacted:", "red",
)  # fmt: skip
"""Bits of YAML, and of what else is read."""
POOL = tuple(
    dict.fromkeys(
        [*BITS, *texts.ODD]
        + [text for text in NAUGHTY if 0 < len(text) <= 40]
        + [token.decode(errors="replace") for token in TOKENS if len(token) <= 40]
    )
)


@dataclass(frozen=True)
class Example:
    """A text for each count: `head`, the piece so many times, `tail`; %d in the piece is its number."""

    head: str
    piece: str
    tail: str

    def __call__(self, count: int) -> str:
        return yaml.after(self.head, self.piece, self.tail)(count)


def drawn(chance: random.Random, *, in_yaml: bool) -> Example:
    """One example."""
    piece = "".join(chance.choice(POOL) for _ in range(chance.choice([1, 1, 2, 2, 3, 4])))
    if chance.random() < 0.1:
        piece = chr(chance.choice([chance.randrange(32, 127), chance.randrange(128, 0xD800)]))
    head, tail = (
        chance.choice(FRAMES) if in_yaml else (chance.choice(["", "", chance.choice(POOL)]), chance.choice(["", "x"]))
    )
    return Example(head, piece, tail)


# ---- the run ----


@dataclass
class Tally:
    """What was tried of an entry. worst: the fastest growth and its example; fast: those that grow too fast."""

    examples: int = 0
    inputs: int = 0
    worst: tuple[float, str] = (0.0, "")
    fast: tuple[str, ...] = ()

    def line(self, name: str) -> str:
        """The row of the table."""
        return f"{name:<22}{self.examples:>10,}{self.inputs:>10,}{self.worst[0]:>9.2f}  {self.worst[1][:60]}"


HEADER = f"{'entry':<22}{'examples':>10}{'inputs':>10}{'growth':>9}  of"


def tried(run: Callable[[str], None], examples: Iterable[tuple[str, Callable[[int], str]]]) -> Tally:
    """Measure the growth for each example."""
    tally = Tally()
    for name, make in examples:
        found = growth(make, run, SIZE)
        tally.examples, tally.inputs = tally.examples + 1, tally.inputs + 4
        if found > BOUND:
            found, tally.inputs = min(found, growth(make, run, 2 * SIZE)), tally.inputs + 4
        if found > tally.worst[0]:
            tally.worst = (found, name)
        if found > BOUND:
            tally.fast += (name,)
    return tally


def examples(name: str, count: int, seed: str) -> Iterator[tuple[str, Callable[[int], str]]]:
    """The known examples of an entry, and so many that are drawn."""
    in_yaml = name in IN_YAML
    if in_yaml:
        yield from yaml.TEXTS.items()
    else:
        yield from ((repr(piece), Example("", piece, "")) for piece in texts.ODD)
    chance = random.Random(f"{seed} {name}")
    for _ in range(count):
        example = drawn(chance, in_yaml=in_yaml)
        yield repr((example.head, example.piece, example.tail)), example


def main(arguments: list[str]) -> int:
    """Try every entry and print a table; 1 where the work of one grows faster than its input."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.growth", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="examples that are drawn for each entry")
    parser.add_argument("--seed", default="1", help="what they are drawn by")
    parser.add_argument("--only", metavar="WORD", default="", help="entries with this in their name")
    options = parser.parse_args(arguments)
    chosen = {name: run for name, run in (IN_YAML | BARE).items() if options.only in name}
    total = Tally()
    print(HEADER, flush=True)
    for name, run in chosen.items():
        tally = tried(run, examples(name, options.examples, options.seed))
        total.examples, total.inputs = total.examples + tally.examples, total.inputs + tally.inputs
        total.worst, total.fast = (
            max(total.worst, tally.worst),
            total.fast + tuple(f"{name}: {one}" for one in tally.fast),
        )
        print(tally.line(name), flush=True)
    print(total.line(f"{len(chosen)} entries"))
    for one in total.fast:
        print(f"GROWS TOO FAST: {one}")
    return 1 if total.fast or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
