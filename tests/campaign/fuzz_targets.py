"""What is tried: each target draws an input, puts it where it belongs, and runs commands that take it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from reconciler.config.read.declarations import load_texts
from reconciler.config.read.schema import load_schema
from reconciler.core.codes import CODES
from reconciler.core.errors import ErpError, Refused
from reconciler.core.plan import Request
from reconciler.core.ports import Need
from reconciler.erp.customers import Customers
from reconciler.operations.rendering import render
from reconciler.reports.formats import formats_of
from reconciler.reports.report_kind import ReportKind
from reconciler.resources.customer import FIELDS
from reconciler.state import plan_file
from tests.campaign.fuzz_answers import STRUCK, json_edits, strikes
from tests.campaign.fuzz_states import places, states
from tests.campaign.fuzz_texts import DECLARATIONS, EXAMPLES, ODD_TEXTS, altered, as_yaml, shaped
from tests.campaign.fuzz_words import CALLS, arguments
from tests.campaign.fuzz_world import World

Target: TypeAlias = Callable[[World, st.DataObject], None]

FORMATS = formats_of(ReportKind.DRIFT)
PATIENCE = 30
"""Seconds for an input that is read in this process."""


def _named(file: str) -> list[str]:
    """The members that a schema names, at any depth."""
    found: set[str] = set()
    todo: list[Any] = [load_schema(file)]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            found |= set(each.get("properties", ()))
            todo += each.values()
        elif isinstance(each, list):
            todo += each
    return sorted(found)


@contextmanager
def _in_time() -> Iterator[None]:
    def late(_signal: int, _frame: object) -> None:
        raise AssertionError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def reading(_world: World, data: st.DataObject) -> None:
    """Declarations, in this process: the same as `validate` sees, many times as fast."""
    texts = {f"{at}.yaml": data.draw(DECLARATIONS) for at in range(data.draw(st.sampled_from([1, 1, 1, 2])))}
    with _in_time():
        found = load_texts(texts, environ={"A": "*x", "HOME": "\udcff"})
    assert {each.code for each in found.diagnostics} <= CODES.keys()


def client(world: World, data: st.DataObject) -> None:
    """The ERP's answers, in this process: what the client makes of them is a value or one of its errors."""
    world.erp.strike(
        data.draw(STRUCK),
        data.draw(strikes()),
        nth=data.draw(st.sampled_from([0, 0, 0, 1])),
        lasting=data.draw(st.booleans()),
    )
    call = data.draw(st.sampled_from(_READS))
    with _in_time(), world.client() as erp, suppress(ErpError):
        call(erp)


_NEED = Need(frozenset(FIELDS), {"note": frozenset({"1"}), "salesPersons": frozenset({"2"})})
_BODY = {"name": {"value": "A"}}
_READS: list[Callable[[Customers], object]] = [
    lambda erp: erp.refresh(_NEED),
    lambda erp: erp.refresh(_NEED),
    lambda erp: erp.customer("3", _NEED),
    lambda erp: erp.modified_since("2020-01-01T00:00:00", _NEED, at_most=100),
    lambda erp: list(erp.stream(_NEED)),
    lambda erp: erp.classes(),
    lambda erp: erp.check(),
    lambda erp: erp.row("3"),
    lambda erp: erp.act("3", "createDunningLetter", {}),
    lambda erp: erp.send(Request("PUT", "/v1/customer/3", "AAAAAAAAB9E=", _BODY)),
    lambda erp: erp.send(Request("POST", "/v1/customer", None, _BODY)),
]


def sealed(world: World, data: st.DataObject) -> None:
    """Plan files, in this process: refused, or shown in every format."""
    made = data.draw(_plan_files(world.first("plan.json")))
    with _in_time(), suppress(Refused):
        found = plan_file.loads(made, "plan.json")
        for form in FORMATS:
            render(found, form)


def declarations(world: World, data: st.DataObject) -> None:
    """Declarations, through the commands that read or rewrite them."""
    world.write("customers/all.yaml", data.draw(DECLARATIONS))
    form = data.draw(st.sampled_from(FORMATS))
    words = data.draw(
        st.sampled_from(
            [["validate"], ["validate", "--format", form], ["fmt", "--diff"], ["fmt"], ["plan", "--format", form],
             ["accept", "--all"], ["drift", "--format", form], ["apply", "--auto-approve", "--write-numbers"]]
        )
    )  # fmt: skip
    world.run(*words)


_SETTINGS = _named("reconciler")
_SETTINGS_FILES = st.one_of(
    altered(
        [*EXAMPLES[-1:], b"version: 1\n", b"version: 1\nguards: {updates: 30%, policies: []}\nenvironments: {a: {}}\n"]
    ),
    st.dictionaries(st.sampled_from(_SETTINGS), shaped(_SETTINGS), max_size=4).map(
        lambda made: as_yaml({"version": 1} | made)
    ),
    st.binary(max_size=100),
)


def settings(world: World, data: st.DataObject) -> None:
    """The settings file. Only commands that write nothing: the path of the state may be any."""
    world.write("reconciler.yaml", data.draw(_SETTINGS_FILES))
    words = data.draw(st.sampled_from([["validate"], ["state", "show"], ["--env", "a", "validate"], ["runs", "list"]]))
    world.run(*words)


_MUTES = _named("mutes")
_MUTES_FILES = st.one_of(
    altered([b"- number: '1'\n  path: mainAddress.city\n  until: 2099-12-31\n  reason: later\n"]),
    st.lists(st.dictionaries(st.sampled_from(_MUTES), shaped(_MUTES), max_size=4), max_size=3).map(as_yaml),
    st.binary(max_size=100),
)


def mutes(world: World, data: st.DataObject) -> None:
    """The file of mutes, read and added to."""
    world.write("drift-mutes.yaml", data.draw(_MUTES_FILES))
    more = [
        "--mute",
        data.draw(st.sampled_from(["1", "2", "x"])),
        data.draw(st.sampled_from(["name", "attributes.X", "[", "mainAddress"])),
    ]
    adding = [
        *more,
        "--until",
        data.draw(st.sampled_from(["2099-12-31", "2099-02-30", "x"])),
        "--reason",
        data.draw(ODD_TEXTS).replace("\0", ""),
    ]
    world.run("drift", *data.draw(st.sampled_from([[], ["--no-record"], adding, adding])))


def plans(world: World, data: st.DataObject) -> None:
    """A plan file: altered anyhow, or altered and sealed anew, as by somebody who knows how."""
    world.write("plan.json", data.draw(_plan_files(world.first("plan.json"))))
    form = data.draw(st.sampled_from(FORMATS))
    world.run(
        *data.draw(
            st.sampled_from(
                [["show", "plan.json", "--format", form], ["apply", "plan.json"], ["apply", "plan.json", "--force"]]
            )
        )
    )


@st.composite
def _plan_files(draw: st.DrawFn, made: bytes) -> bytes:
    if draw(st.integers(0, 2)):
        return _sealed(draw(json_edits())(made))
    return draw(altered([made], [b"null", b'"', b"{", b"[" * 5000, b"9" * 5000, b"1e99999", b"\xff", b"\\ud800", b"-"]))


def _sealed(data: bytes) -> bytes:
    """With digests that fit, as far as it is still a plan."""
    with suppress(
        ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError, ArithmeticError
    ):
        values = msgspec.json.decode(data)
        exact = msgspec.json.Decoder(float_hook=Decimal).decode(data)
        with suppress(KeyError, TypeError):
            values["changes_digest"] = exact["changes_digest"] = plan_file._changes_digest(exact)
        values["digest"] = plan_file._digest(exact)
        text = data.decode()
        for name in ("changes_digest", "digest"):
            at = text.rindex(f'"{name}"')
            end = text.index('"', text.index('"', at + len(name) + 2) + 1) + 1
            text = text[:at] + f'"{name}":' + json.dumps(values[name]) + text[end:]
        return text.encode()
    return data


def answers(world: World, data: st.DataObject) -> None:
    """What the ERP answers, to each kind of request."""
    words = data.draw(st.sampled_from(CALLS))
    if data.draw(st.booleans()):
        for path in (world.folder / "state").iterdir():
            path.unlink()
    world.erp.strike(
        data.draw(STRUCK),
        data.draw(strikes()),
        nth=data.draw(st.sampled_from([0, 0, 0, 1, 2])),
        lasting=data.draw(st.booleans()),
    )
    if words[:2] == ["runs", "undo"]:
        words = ["runs", "undo", json.loads(world.first("runs.json"))["runs"][0]["id"], *words[2:]]
    world.run(*words)


TARGETS: dict[str, Target] = {
    "reading": reading,
    "client": client,
    "sealed": sealed,
    "yaml": declarations,
    "settings": settings,
    "mutes": mutes,
    "plans": plans,
    "states": states,
    "answers": answers,
    "arguments": arguments,
    "places": places,
}
