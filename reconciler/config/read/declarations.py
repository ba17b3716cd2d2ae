"""Files of declarations to desired customers, with every problem found on the way."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from reconciler.config.read import yaml_nodes
from reconciler.config.read.declaration_cache import Keeper
from reconciler.config.read.fast_declarations import Quick, Teacher
from reconciler.config.read.fast_path import Aside, Shortcut, defaults_of, is_file_form, simple
from reconciler.config.read.file_limits import BOUNDS, WIDEST, Bounds
from reconciler.config.read.files import display, find_files, read_bytes
from reconciler.config.read.interpolate import interpolate
from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import IDENTITY, part
from reconciler.config.read.schema_errors import DECLARATION_CODES, Validator
from reconciler.config.read.source_map import Packer
from reconciler.config.read.typed_values import BROKEN, Reader
from reconciler.config.read.unmerged import Base, Draft, draft, overlay, units
from reconciler.core.desired import Desired, Lifecycle
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.errors import InvalidInput
from reconciler.core.normalise import number_key
from reconciler.core.ports import Cache
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Values

__all__ = ["Loaded", "find_files", "load_declarations", "load_texts"]

_AT_ONCE = 500
"""Files that are looked up together, and held in memory meanwhile."""

_INTERPOLATION_CODES = {"malformed": "D310", "unset": "D311", "refused": "D312"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was declared. `desired` leaves out the declarations that have errors.

    `digest` covers what is declared, not how: comments, layout, order and files do not count.
    """

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]
    digest: str


def load_declarations(
    files: Sequence[Path],
    *,
    root: Path,
    defaults: yaml_nodes.Mapping | None = None,
    environ: Mapping[str, str],
    cache: Cache | None = None,
    bounds: Bounds = BOUNDS,
) -> Loaded:
    """Read the files, which are shown relative to `root`, each declaration laid on the defaults.

    defaults: the settings' node, or None. environ: the variables for `${env:NAME}`. cache: what earlier loads made of
    files that have not changed since. bounds: how much of each file is read. Never raises for what the files hold: all
    problems are in the result's diagnostics.
    """
    with no_collection():
        loader = _Loader(environ, defaults, bounds)
        named = list({display(file, root): file for file in files}.items())
        if cache is None:
            for name, file in named:
                loader.file(file, name)
        else:
            loader.files(named, cache)
        return loader.result()


def load_texts(
    texts: Mapping[str, bytes], *, defaults: yaml_nodes.Mapping | None = None, environ: Mapping[str, str]
) -> Loaded:
    """As `load_declarations`, for texts by the names that positions show: to see what a rewritten file would mean.

    It was read before: only the widest bounds count.
    """
    with no_collection():
        loader = _Loader(environ, defaults, WIDEST)
        for name, data in texts.items():
            loader.text(data, name)
        return loader.result()


def default_values(defaults: yaml_nodes.Mapping | None, environ: Mapping[str, str]) -> Values:
    """What the settings' defaults lay under every declaration. Raises InvalidInput when they have errors."""
    if defaults is None:
        return {}
    loader = _Loader(environ, defaults)
    problems = loader.result().diagnostics
    found = [each for each in problems if each.severity is Severity.ERROR and each.code != "S120"]
    if found:
        raise InvalidInput(tuple(found))
    return loader.base_values


@contextmanager
def no_collection() -> Iterator[None]:
    """No search for cyclic garbage meanwhile: with hundreds of thousands of new nodes it would be half the work."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Loader:
    """Gathers declarations and problems over all files."""

    def __init__(
        self, environ: Mapping[str, str], defaults: yaml_nodes.Mapping | None, bounds: Bounds = BOUNDS
    ) -> None:
        self._environ = environ
        self._bounds = bounds
        self._problems: list[Diagnostic] = []
        self._desired: list[Desired] = []
        self._digests: list[bytes] = []
        self._packer = Packer()
        self._seen: dict[tuple[str, str], Source] = {}
        self._declared = 0
        self._is_own = True  # whether what is read says the same whatever the variables are
        self._entered: list[Quick | Draft] | None = None
        self._customer = _Kind("customer", self._text)
        self._defaults = _Kind("defaults", self._text)
        self._base = self._make_base(defaults, None) if defaults is not None else None
        self._teacher = Teacher(self._customer.reader)
        self._shortcut = Shortcut(self._sound, self._teacher, self._base)

    def file(self, file: Path, name: str) -> None:
        """Read one file."""
        data = self._bytes(file, name)
        if data is not None:
            self.text(data, name)

    def _bytes(self, file: Path, name: str) -> bytes | None:
        data, problem = read_bytes(file, name, self._bounds.file_size)
        if problem:
            self._problems.append(problem)
            return None
        return data

    def files(self, named: Sequence[tuple[str, Path]], cache: Cache) -> None:
        """Read files, parsing only those that the cache does not know; it is told of these."""
        keeper = Keeper(self._base, self._bounds)
        new: dict[bytes, bytes] = {}
        used: list[bytes] = []
        for start in range(0, len(named), _AT_ONCE):
            texts: list[tuple[str, bytes, bytes]] = []
            for name, file in named[start : start + _AT_ONCE]:
                data = self._bytes(file, name)
                if data is not None:
                    texts.append((name, data, keeper.key(data)))
            known = cache.get([key for _, _, key in texts])
            for name, data, key in texts:
                kept = keeper.unpack(known[key], name) if key in known else None
                if kept is not None:
                    self._enter_all(kept)
                elif (packed := self._packed(keeper, data, name)) is not None:
                    new[key] = packed
                used.append(key)
        if new:
            cache.put(new, used)

    def _packed(self, keeper: Keeper, data: bytes, name: str) -> bytes | None:
        """Read a file's bytes; what the cache keeps of them, if they speak for themselves and nothing is wrong."""
        before, first = len(self._problems), len(self._digests)
        self._is_own = True
        self._entered = []
        self.text(data, name)
        made, self._entered = self._entered, None
        if not self._is_own or len(self._problems) > before:
            return None
        return keeper.pack(list(zip(made, self._digests[first:], strict=True)), name)

    def _enter_all(self, made: Sequence[tuple[Quick, bytes]]) -> None:
        for each, digest in made:
            self._declared += 1
            self._enter(each, digest)

    def text(self, data: bytes, name: str) -> None:
        """Read one file's bytes."""
        if not self._quickly(data, name):
            self._thoroughly(data, name)

    def _quickly(self, data: bytes, name: str) -> bool:
        """Read it by the fast path, unless that steps aside: then nothing has happened."""
        before = len(self._problems)
        made = self._cut_up(data, name)
        if made is None or len(self._problems) > before:
            del self._problems[before:]
            return False
        base, declarations = made
        for each in declarations:
            self._declared += 1
            if base and isinstance(each, Draft):
                overlay(each, base.draft, base.units)
            self._enter(each)
        return True

    def _cut_up(self, data: bytes, name: str) -> tuple[Base | None, list[Quick | Draft]] | None:
        found = simple(data, name, self._bounds.file_size)
        if found is None:
            return None
        try:
            defaults = defaults_of(found, name)
            if defaults is None:
                return self._base, self._shortcut.read(found, name)
            base = self._make_base(defaults, self._base)
            return base, Shortcut(self._sound, self._teacher, base).read(found, name)
        except Aside:
            return None

    def _sound(self, node: yaml_nodes.Mapping) -> Draft | None:
        """The draft of a declaration, unless anything is wrong with it."""
        value, is_whole = self._customer.read(node, self._problems)
        made = self._drafted(value, node) if is_whole else None
        return None if made is None or made.problems else made

    def _thoroughly(self, data: bytes, name: str) -> None:
        parsed = yaml_nodes.parse(data, name, self._bounds)
        self._problems += parsed.diagnostics
        for document in parsed.documents:
            self._document(document)

    @property
    def base_values(self) -> Values:
        """What the defaults of the settings declare."""
        return self._base.draft.values if self._base else {}

    def result(self) -> Loaded:
        """Everything gathered."""
        if not self._declared and not has_errors(self._problems):
            remedy = "Write a declaration in one of the files that `customers` in the settings names."
            self._error("S120", None, "there is no declaration at all", remedy)
        return Loaded(tuple(self._desired), in_order(self._problems), _digest(self._digests))

    def _error(self, code: str, source: Source | None, summary: str, remedy: str) -> None:
        self._problems.append(Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source))

    def _text(self, node: yaml_nodes.Scalar) -> str | None:
        """A scalar's text with its variables put in."""
        self._is_own = False
        text, problems = interpolate(node.text, self._environ)
        for each in problems:
            self._error(_INTERPOLATION_CODES[each.kind], node.source, each.summary, each.remedy)
        return None if problems else text

    # -- the shapes of a file

    def _document(self, node: yaml_nodes.Node) -> None:
        if isinstance(node, yaml_nodes.Sequence):
            self._list(node, self._base)
        elif isinstance(node, yaml_nodes.Mapping) and is_file_form(node):
            self._file_form(node)
        elif isinstance(node, yaml_nodes.Mapping):
            self._declaration(node, self._base)
        else:
            self._no_customer(node)

    def _list(self, node: yaml_nodes.Sequence, base: Base | None) -> None:
        for item in node.items:
            if isinstance(item, yaml_nodes.Mapping):
                self._declaration(item, base)
            else:
                self._no_customer(item)

    def _no_customer(self, node: yaml_nodes.Node) -> None:
        if isinstance(node, yaml_nodes.Broken):
            return
        what = quoted(node.text) if isinstance(node, yaml_nodes.Scalar) else "a list"
        remedy = "Write a customer's fields as 'name: value' lines."
        self._error("D315", node.source, f"{what} stands where a customer should", remedy)

    def _file_form(self, node: yaml_nodes.Mapping) -> None:
        for name, (key, _) in node.entries.items():
            if name not in ("customers", "defaults"):
                summary = f"unknown member {quoted(name)} beside customers and defaults"
                self._error("D301", key.source, summary, "Move it into a customer, or into defaults.")
        base, defaults, customers = self._base, node.get("defaults"), node.get("customers")
        if isinstance(defaults, yaml_nodes.Mapping):
            base = self._make_base(defaults, base)
        elif defaults is not None:
            self._error("D315", defaults.source, "defaults must be a mapping", "Write fields below it, or remove it.")
        if isinstance(customers, yaml_nodes.Sequence):
            self._list(customers, base)
        elif customers is None:
            self._error("D307", node.source, "customers is missing beside defaults", "Add customers: with a list.")
        elif not isinstance(customers, yaml_nodes.Broken):
            remedy = "Write each customer below it as an item that starts with '- '."
            self._error("D315", customers.source, "customers must be a list", remedy)

    # -- defaults and declarations

    def _make_base(self, node: yaml_nodes.Mapping, under: Base | None) -> Base | None:
        """Defaults laid on the ones of the settings; the latter alone when they have errors of their own."""
        for name in IDENTITY:
            if name in node.entries:
                summary = f"defaults hold a {name}, which only one customer can have"
                self._error("I405", node.entries[name][0].source, summary, "Move it into the declaration.")
        bare = {name: entry for name, entry in node.entries.items() if name not in IDENTITY}
        node = yaml_nodes.Mapping(bare, node.line, node.column, node.file)
        value, _ = self._defaults.read(node, self._problems)
        made = self._drafted(value, node)
        self._problems += made.problems
        if under:
            overlay(made, under.draft, under.units)
        return Base(made, units(made))

    def _drafted(self, value: dict[str, Any], node: yaml_nodes.Mapping) -> Draft:
        made = draft(value, node)
        self._warn_empty(made)
        return made

    def _warn_empty(self, made: Draft) -> None:
        for name, complete in made.complete.items():
            if not complete and not made.values.get(name):
                summary = f"{name} lists nothing, so nothing is declared and nothing is deleted"
                remedy = f"Remove it; or, to delete all lines, write {name}: {{complete: true, lines: []}}."
                source = made.node.entries[name][1].source
                self._problems.append(Diagnostic(Severity.WARNING, "D316", summary, remedy=remedy, source=source))

    def _declaration(self, node: yaml_nodes.Mapping, base: Base | None) -> None:
        self._declared += 1
        value, is_whole = self._customer.read(node, self._problems)
        made = self._drafted(value, node)
        if not is_whole:
            self._claim(made)
            self._problems += made.problems
        else:
            if base:
                overlay(made, base.draft, base.units)
            self._enter(made)

    def _enter(self, made: Draft | Quick, digest: bytes | None = None) -> None:
        """A declaration that the schema admits, on its defaults, is desired unless its identity is in doubt.

        digest: `_digest_of` it, where that is known from an earlier run.
        """
        if self._entered is not None:
            self._entered.append(made)
        self._check_identity(made)
        if made.problems:
            self._problems += made.problems
        else:
            finished = self._finished(made)
            self._desired.append(finished)
            self._digests.append(digest or _digest_of(finished))

    def _finished(self, made: Draft | Quick) -> Desired:
        life = made.lifecycle
        return Desired(
            number=made.number,
            ref=made.ref,
            values=made.values,
            source=made.source,
            locate=made.located(self._packer),
            match=made.match or CUSTOMER.match,
            lifecycle=_lifecycle(life) if life else _NO_LIFECYCLE,
            complete=_complete(made.complete) if made.complete else _NONE,
            spelled=made.spelled,
        )

    def _check_identity(self, made: Draft | Quick) -> None:
        self._claim(made)
        if made.number is not None:
            parent = made.values.get(CUSTOMER.parent)
            if isinstance(parent, str) and number_key(parent) == number_key(made.number):
                source = made.place(CUSTOMER.parent)
                remedy = "Name another customer, or remove the line."
                made.report("I404", source, f"the customer {quoted(made.number)} is its own parent", remedy)
        elif not any(made.values.get(name) is not None for name in made.match or CUSTOMER.match):
            fields = " or ".join(made.match or CUSTOMER.match)
            made.report(
                "I403",
                made.source,
                f"the declaration with ref {quoted(made.ref or '')} could never be found again: "
                f"it has neither a number nor {fields}",
                f"Declare {fields}, or name other fields in match.",
            )

    def _claim(self, made: Draft | Quick) -> None:
        """A declaration with errors still counts when two are of the same customer."""
        if made.number is not None:
            self._check_new(("number", number_key(made.number)), made, made.number)
        if made.ref:
            self._check_new(("ref", made.ref), made, made.ref)

    def _check_new(self, identity: tuple[str, str], made: Draft | Quick, written: str) -> None:
        source = made.place(identity[0])
        first = self._seen.setdefault(identity, source)
        if first is not source:
            summary = f"the customer with {identity[0]} {quoted(written)} is already declared at {first}"
            made.report("I402", source, summary, "Keep one of the two declarations.")


class _Kind:
    """Reads and checks one sort of mapping: a declaration or defaults."""

    def __init__(self, name: str, text: Any) -> None:
        schema, self._validator = _checked_by(name)
        self._known = schema["$defs"][name]["properties"].keys()
        self.reader = Reader(schema, text)

    def read(self, node: yaml_nodes.Mapping, problems: list[Diagnostic]) -> tuple[dict[str, Any], bool]:
        """The plain value, and whether it is whole; members with errors, added to `problems`, are left out of it."""
        value: dict[str, Any] = self.reader.read(node)
        if self.reader.sure:
            return value, True
        verdict = self._validator.verdict(value, node)
        problems += verdict.diagnostics
        sound = {
            name: each
            for name, each in value.items()
            if name in self._known and name not in verdict.members and not _holds_broken(each)
        }
        return sound, not verdict.diagnostics and len(sound) == len(value)


@cache
def _checked_by(name: str) -> tuple[dict[str, Any], Validator]:
    schema = part(name)
    return schema, Validator(schema, DECLARATION_CODES)


def _holds_broken(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_broken, value.values()))
    return any(map(_holds_broken, value)) if isinstance(value, list) else value is BROKEN


_NO_LIFECYCLE, _NONE = Lifecycle(), frozenset[str]()


def _complete(groups: dict[str, bool]) -> frozenset[str]:
    return frozenset(name for name, complete in groups.items() if complete)


def _lifecycle(members: dict[str, Any]) -> Lifecycle:
    return Lifecycle(
        tuple(members.get("ignore_changes", ())),
        tuple(members.get("create_only", ())),
        members.get("prevent_update", False),
    )


def _digest(digests: list[bytes]) -> str:
    """A hash over all that was declared, in an order of its own."""
    return f"sha256:{hashlib.sha256(b''.join(sorted(digests))).hexdigest()}"


def _digest_of(each: Desired) -> bytes:
    """A hash of what one declaration says."""
    life = each.lifecycle
    said = _encode(
        [
            each.number and number_key(each.number),
            each.ref,
            _told_apart(each.values),
            each.match,
            [life.ignore_changes, life.create_only, life.prevent_update],
            sorted(each.complete),
        ]
    )
    return hashlib.sha256(said).digest()


def _told_apart(values: Values) -> dict[str, Any]:
    """The values with amounts that are equal as one text, in a shape that no float and no text can have."""
    changed: dict[str, Any] = {}
    for name, each in values.items():
        kind = type(each)
        if kind is str or each is None:
            continue  # nearly all are: what has no amount is not copied
        if isinstance(each, dict):
            below = _told_apart(each)
            if below is not each:
                changed[name] = below
        elif isinstance(each, Decimal):
            changed[name] = _amount(each)
    return {**values, **changed} if changed else values


def _amount(value: Decimal) -> list[str]:
    text = format(value, "f")
    return [text.rstrip("0").rstrip(".") if "." in text else text]


_encode = msgspec.json.Encoder(order="sorted").encode  # a tenth of the time that json takes
