"""The plan: ordered actions, and what they were computed from. Shapes as in the plan file (docs/decisions/0019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.mutes import Mute
from reconciler.core.normalise import number_key
from reconciler.core.stores import Stores, kept_in
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.registry import RESOURCES
from reconciler.resources.values import parse_path

FORMAT = "reconciler/plan"
FORMAT_VERSION = "1.3"
"""Minor versions only add: 1.1 `redacted`, `removed`, `signature`, a change's `origin`; 1.2 an action's `resource`, and
the action `renumber` with its count; 1.3 `muted`, `ignored`, `include_muted`, an action's `stores`, `same_as`,
`currency` and `modified_at`, and of the summary `unreadable` and `held_back`."""


class Verb(StrEnum):
    """What an action does in the ERP."""

    CREATE = "create"
    UPDATE = "update"
    RENUMBER = "renumber"


class Cause(StrEnum):
    """Why a managed field differs."""

    CONFIG = "config"  # the declaration changed
    DRIFT = "drift"  # the ERP changed
    BOTH = "both"
    UNKNOWN = "unknown"  # nothing recorded yet


class Origin(StrEnum):
    """Where a change comes from, seen from a pull request (`plan --base`)."""

    BRANCH = "branch"  # the base revision does not ask for it
    MERGED = "merged"  # the base revision asks for it too, and it is not applied yet
    DRIFT = "drift"  # the base revision asks for it too, and the ERP moved away from it
    OUTSIDE = "outside"  # merged or drift: nothing is recorded that could tell


@dataclass(frozen=True, slots=True)
class Change:
    """One field: `before` is what the ERP holds, `after` what it will be told; None means no value."""

    path: str
    before: Any
    after: Any
    cause: Cause
    source: Source | None = None
    origin: Origin | None = None  # known only when the plan was compared with a base revision


@dataclass(frozen=True, slots=True)
class LeftField:
    """One declared field that differs and is left alone: `before` is what the ERP holds, `after` what is declared.

    rule: `mute`, with the mute; else what ignores the field, in the words of the settings and declarations.
    """

    path: str
    before: Any
    after: Any
    cause: Cause
    source: Source | None = None
    rule: str = "mute"
    mute: Mute | None = None


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The fields of one live customer that differ and are left alone, all of them muted or all of them ignored."""

    number: str
    ref: str | None
    name: str
    source: Source
    fields: tuple[LeftField, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One API call as it will be sent: `path` from the base URL, `if_match` the bare version, `body` JSON values."""

    method: str
    path: str
    if_match: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One write and the changes it makes. `depends_on` holds labels of actions that must be done first.

    For a create: `match` is by what the declaration finds a customer that the ERP numbered, `alike` the numbers of
    customers that looked like the new one when the plan was made, and that must never be taken for it; `alike_groups`
    further ones, in sets of those that have one id: actions share them, and the own number of an update may be among
    them. `same_as` are those that its declaration names. A renumbering has the new number, like the update that follows
    it, and one change, of the number. `resource` is the sort of record that is written (`resources`); `stores` how the
    ERP keeps its texts, as the settings said. `currency` is that of the amounts as the ERP holds them, for a create as
    declared, None where it is not known; `modified_at` when the record was last changed in the ERP, as the ERP writes
    it.
    """

    resource: str = field(default=CUSTOMER.name, kw_only=True)
    stores: Stores = field(default_factory=dict, kw_only=True)
    action: Verb
    number: str | None
    ref: str | None
    name: str
    source: Source
    changes: tuple[Change, ...]
    request: Request
    depends_on: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    alike_groups: tuple[frozenset[str], ...] = field(default=(), kw_only=True)
    same_as: tuple[str, ...] = field(default=(), kw_only=True)
    currency: str | None = None
    modified_at: str | None = None

    @property
    def label(self) -> str:
        """What to call the action in messages: by its customer, a renumbering by both numbers."""
        if self.former is not None:
            return f"{self.former} → {self.number}"
        return self.number or f"ref {self.ref}"

    @property
    def former(self) -> str | None:
        """The number that a renumbering replaces; None for any other action."""
        return str(self.changes[0].before) if self.action is Verb.RENUMBER else None

    def is_like(self, number: str) -> bool:
        """Whether that customer looked like this one when the plan was made."""
        return number in self.alike or any(number in group for group in self.alike_groups)

    @property
    def look_alikes(self) -> frozenset[str]:
        """The numbers of all customers that looked like this one when the plan was made."""
        return frozenset(self.alike).union(*self.alike_groups)

    @property
    def is_sound(self) -> bool:
        """Whether a renumbering has both numbers, and the internal id of its customer; any other action has."""
        if self.action is not Verb.RENUMBER:
            return True
        identity = self.request.path.rpartition("/")[2]
        is_named = len(self.changes) == 1 and isinstance(self.changes[0].before, str) and self.number is not None
        return is_named and identity.isascii() and identity.isdecimal()

    @property
    def numbers(self) -> tuple[str, ...]:
        """What the customer is called before and after the action, as far as that is known."""
        return tuple(number for number in (self.former, self.number) if number is not None)

    @property
    def table(self) -> Resource:
        """The resource with its field table, whose rows know how this ERP keeps them."""
        return kept_in(RESOURCES[self.resource], self.stores)

    @property
    def fields(self) -> frozenset[str]:
        """Names of the customer's fields that it changes."""
        return frozenset(parse_path(change.path)[0] for change in self.changes)

    @property
    def is_unprotected(self) -> bool:
        """Whether it updates what the customer's version may not protect (fact sheet Q10): anything nested, and
        scalars that the ERP keeps elsewhere."""
        if self.action is not Verb.UPDATE:
            return False
        paths = [parse_path(change.path) for change in self.changes]
        return any(len(path) > 1 or ((row := self.table.leaf(path)) is not None and row.elsewhere) for path in paths)


@dataclass(frozen=True, slots=True)
class ConfigSummary:
    """What was declared: a digest over the desired values, and the git commit where there is one."""

    digest: str
    declarations: int
    git_commit: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How fresh the live side is, and how that is known.

    mode: full, incremental or none. reason: why it was read in full although less was asked for. all_read_at: when the
    whole list was last read, UTC. since: the time stamp from which on changes were asked for, as the ERP's filter takes
    it. changed, verified: customers that came by that filter, and by reading a part of the list again. unseen: those
    of `verified` that had changed without a new time stamp. verify_runs: within how many runs each customer is read.
    list_requests: what reading the whole list costs, None where it is not known.
    """

    mode: str = "full"
    reason: str = ""
    all_read_at: str | None = None
    since: str | None = None
    changed: int = 0
    verified: int = 0
    unseen: int = 0
    verify_runs: int | None = None
    list_requests: int | None = None


READ_IN_FULL = Reading()


@dataclass(frozen=True, slots=True)
class Refresh:
    """How the live side was read. `as_of` is UTC, ISO 8601; `requests` counts the API calls.

    `created_since`: a customer that applying the plan creates bears no earlier time of creation, by the ERP's own clock
    as far as that is known; None in plans that create nothing.
    """

    mode: str
    as_of: str
    customers: int
    requests: int
    reading: Reading | None = None
    created_since: str | None = None

    @property
    def list_requests(self) -> int:
        """What reading the whole list costs."""
        known = self.reading.list_requests if self.reading is not None else None
        return self.requests if known is None else known


@dataclass(frozen=True, slots=True)
class Summary:
    """Customers by what happens to them. unreadable: rows of the ERP; held_back: declarations that may mean one. muted,
    ignored: those with fields that differ and are left alone; of these, the ones that are updated count there too, and
    none counts as unchanged."""

    create: int = 0
    update: int = 0
    unchanged: int = 0
    unmanaged: int = 0
    removed: int = 0
    unreadable: int = 0
    held_back: int = 0
    muted: int = 0
    ignored: int = 0
    renumber: int = 0


@dataclass(frozen=True, slots=True)
class Removed:
    """A live customer that an earlier run managed and no declaration means any more: applying ends its management."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """API calls that applying needs, reading back included, and what the ERP said of its window, or None."""

    requests: int
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: int | None = None


class Guard(StrEnum):
    """Why a plan refuses itself. Only a volume guard yields to `--force`."""

    VOLUME = "volume"
    POLICY = "policy"
    LIFECYCLE = "lifecycle"
    DUPLICATE = "duplicate"  # a new customer is there already, or looks like one that is


@dataclass(frozen=True, slots=True)
class Refusal:
    """One guard that says no; it travels with the plan, so that no caller can forget it."""

    guard: Guard
    summary: str
    remedy: str = ""
    number: str | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one volume guard found: `found` updates, creates or renumberings, against `limit` in words."""

    name: str
    limit: str
    found: int
    passed: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying will do, all of it, and from what it was computed."""

    reconciler_version: str
    created_at: str
    environment: str
    company: str
    tenant_id: str
    base_url: str
    config: ConfigSummary
    refresh: Refresh
    summary: Summary
    actions: tuple[Action, ...]
    diagnostics: tuple[Diagnostic, ...]
    budget: Budget
    refusals: tuple[Refusal, ...] = ()
    guards: tuple[Verdict, ...] = ()
    redacted: bool = False  # personal data was replaced: it can be shown, and not applied
    removed: tuple[Removed, ...] = ()
    muted: tuple[LeftAlone, ...] = ()  # what differs under a running mute
    ignored: tuple[LeftAlone, ...] = ()  # what is declared and ignored, and differs
    include_muted: bool = False  # whether mutes were set aside, so that muted fields are among the changes
    changes_digest: str = ""  # what would be written, and where: the same for two plans that would do the same
    signature: str = ""  # a keyed hash over all of it but itself, `digest` and `created_at`; empty without a key
    digest: str = ""  # the whole file
    format: str = FORMAT
    format_version: str = FORMAT_VERSION

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.actions


class Outcome(StrEnum):
    """How one action ended."""

    DONE = "done"
    EXISTS = "exists"  # a create: the customer is there already, and not by this run's hand
    CONFLICT = "conflict"  # 412: somebody changed the customer since the plan
    FAILED = "failed"
    SKIPPED = "skipped"  # something it depends on did not succeed, or the run was stopped
    UNKNOWN = "unknown"  # sent, but no usable answer came


FOUND = "the answer to its create was lost"
"""Message of a create that is done as far as the ERP shows: whose doing the customer is was not told."""


CHANGED_AGAIN = "changed again since our write"
"""Message of an update whose value is not there any more, in a customer that somebody changed since."""


@dataclass(frozen=True, slots=True)
class Result:
    """One action's outcome.

    `number` is the customer's number, also of a new one; `version` the one that the write made, where the ERP told it;
    `message` says why not. `normalised` and `not_taken` hold the value sent and the value stored: the one is the ERP's
    form of what it was sent, the other no form of it at all, the value from before or none.
    """

    action: Action
    outcome: Outcome
    number: str | None = None
    message: str = ""
    remedy: str = ""
    moved: tuple[Change, ...] = ()  # for a conflict: what the plan saw, and what stands there now
    normalised: tuple[Change, ...] = ()
    not_taken: tuple[Change, ...] = ()
    version: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it is done as it was planned: every value taken, and under the number that was declared."""
        return self.outcome is Outcome.DONE and not self.not_taken and self.is_as_numbered

    @property
    def is_found(self) -> bool:
        """Whether its customer was looked up instead of being told by the ERP: what it holds may be somebody else's."""
        return self.outcome is Outcome.DONE and self.message == FOUND

    @property
    def is_as_numbered(self) -> bool:
        """Whether the customer has the declared number: an ERP that numbers by itself may give another."""
        declared, given = self.action.number, self.number
        return declared is None or given is None or number_key(declared) == number_key(given)


UNREAD = "A611"
"""Code of a run's diagnostic: what it wrote could not be read back."""

NOT_STORING = "A613"
"""Code of a run's diagnostic: most updates were confirmed by the ERP but did not take effect."""

KEPT_OTHERWISE = "A614"
"""Code of a run's diagnostic: the ERP keeps a text in another form than it was sent."""

STATE_LOST = "A615"
"""Code of a run's diagnostic: how it went could not be recorded, since its lock or its state was lost."""

DOUBLED = "A612"
"""Code of a run's diagnostic: a customer was created twice, by this run and by another hand."""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply: its plan and each action's result, in the plan's order."""

    plan: Plan
    results: tuple[Result, ...]
    started_at: str
    finished_at: str
    diagnostics: tuple[Diagnostic, ...] = ()
    interrupted: int | None = None  # the exit code of the signal that stopped it

    @property
    def is_good(self) -> bool:
        """Whether all is done as it was planned, and was seen and recorded to be, and no declaration was held back."""
        return (
            all(each.is_good for each in self.results)
            and all(diagnostic.code not in (UNREAD, DOUBLED, STATE_LOST) for diagnostic in self.diagnostics)
            and not self.plan.summary.held_back
        )

    def count(self, outcome: Outcome) -> int:
        """How many actions ended so."""
        return sum(result.outcome is outcome for result in self.results)
