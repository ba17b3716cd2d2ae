"""What stands below the options in the help of a command: examples, exit codes, and where to read on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.exit_codes import Exit

MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "done, or nothing to do",
    Exit.ERROR: "an error",
    Exit.CHANGES: "changes or drift (--detailed-exitcode)",
    Exit.INVALID: "invalid settings or declarations",
    Exit.REFUSED: "refused, nothing written",
    Exit.PARTIAL: "not applied in full",
    Exit.LOCKED: "another run is in progress",
    Exit.USAGE: "wrong usage",
}
"""What an exit code says, in a few words; docs/cli.md has more."""

VARIABLES = (
    ("VISMA_CLIENT_ID", "the client id"),
    ("VISMA_CLIENT_SECRET[_FILE]", "the client secret, or a file that holds it"),
    ("VISMA_TENANT_ID", "the company's tenant"),
    ("VISMA_BASE_URL, VISMA_TOKEN_URL", "the ERP, instead of that of the settings"),
    ("VISMA_ALLOWED_HOSTS", "the only hosts that may be sent credentials"),
    ("RECONCILER_STATE", "where the state is"),
    ("RECONCILER_STATE_KEY[_FILE]", "encrypts the state"),
    ("RECONCILER_STATE_NEW_KEY[_FILE]", "the next key, for state rekey"),
    ("RECONCILER_PLAN_KEY", "signs plans, and refuses unsigned ones"),
    ("RECONCILER_NOTIFY_URL", "where --notify posts to"),
    ("RECONCILER_REDACT_KEY", "the key of --redact"),
)
"""The variables that are no option: by name, and what they hold."""


class _More(NamedTuple):
    """examples: command lines without the program's name. page: of the manual. codes: exit codes beside 0, 1 and 64."""

    examples: tuple[str, ...]
    page: str
    codes: tuple[Exit, ...] = ()


_READS = (Exit.INVALID,)
_PLANS = (Exit.CHANGES, Exit.INVALID, Exit.REFUSED)
_WRITES = (Exit.INVALID, Exit.REFUSED, Exit.PARTIAL, Exit.LOCKED)
_LOCKS = (Exit.INVALID, Exit.REFUSED, Exit.LOCKED)

_MORE: Mapping[str, _More] = {
    "init": _More(("init shop", "init --from-live", "init --ci github --install SPEC"), "adoption", _READS),
    "validate": _More(("validate", "validate --format sarif > problems.sarif"), "declarations", _READS),
    "fmt": _More(("fmt", "fmt --check"), "declarations", _READS),
    "plan": _More(("plan", "plan -o plan.json", "plan --base main --report html=plan.html"), "review", _PLANS),
    "show": _More(("show plan.json", "show plan.json --report html=plan.html"), "review", (Exit.REFUSED,)),
    "apply": _More(("apply", "apply plan.json", "apply --digest sha256:..."), "apply", _WRITES),
    "drift": _More(
        ("drift", "drift --only-new", 'drift --mute 10000 creditLimit --until 2026-12-31 --reason "new terms"'),
        "drift",
        (Exit.CHANGES, Exit.INVALID),
    ),
    "accept": _More(("accept --dry-run", "accept 10000 --field creditLimit"), "drift", _READS),
    "schema": _More(("schema customer > customer.schema.json",), "declarations"),
    "explain": _More(("explain D301", "explain creditLimit", "explain drift", "explain --list"), "cli"),
    "auth": _More(("auth", "auth --format json"), "settings", _READS),
    "export": _More(("export", "export --status Active -o customers/active"), "adoption", _READS),
    "import": _More(("import customers.xlsx --dry-run", "import customers.csv"), "adoption", _READS),
    "mark-applied": _More(("mark-applied",), "ci", _READS),
    "fleet init": _More(("fleet init tenants.csv offices",), "fleet", _READS),
    "fleet validate": _More(("fleet validate",), "fleet", _READS),
    "fleet plan": _More(("fleet plan -o plans",), "fleet", _PLANS),
    "fleet apply": _More(("fleet apply plans",), "fleet", _WRITES),
    "fleet drift": _More(("fleet drift --only-new",), "fleet", (Exit.CHANGES, Exit.INVALID)),
    "fleet status": _More(("fleet status",), "fleet", _READS),
    "demo": _More(("demo", "demo --dir shop"), "concepts"),
    "version": _More(("version",), "cli"),
    "customers list": _More(
        ("customers list --status Active", "customers list --format csv > customers.csv"), "cli", _READS
    ),
    "customers show": _More(("customers show 10000", "customers show 10000 --raw"), "cli", _READS),
    "dunning-letter create": _More(
        ("dunning-letter create 10000 --date 2026-12-31 --level-from 1 --level-to 2 --dry-run",), "cli", _READS
    ),
    "runs list": _More(("runs list",), "apply"),
    "runs show": _More(("runs show 20261112T080000Z-1a2b",), "apply"),
    "runs resume": _More(("runs resume",), "apply", _WRITES),
    "runs undo": _More(("runs undo 20261112T080000Z-1a2b -o undo.json", "apply undo.json"), "apply", _WRITES),
    "state show": _More(("state show",), "state", _READS),
    "state unlock": _More(("state unlock",), "state", _LOCKS),
    "state clear": _More(("state clear",), "state", _LOCKS),
    "state copy": _More(("state copy --to postgresql://HOST:5432/DATABASE",), "state", _LOCKS),
    "state rekey": _More(("state rekey",), "state", _LOCKS),
    "sandbox serve": _More(("sandbox serve --port 8080",), "sandbox"),
    "sandbox seed": _More(("sandbox seed --count 1000",), "sandbox"),
    "sandbox edit": _More(("sandbox edit 10000 creditLimit=90000",), "sandbox"),
    "sandbox create": _More(("sandbox create name=NewCustomer",), "sandbox"),
    "sandbox renumber": _More(("sandbox renumber 10000 10001",), "sandbox"),
    "sandbox reset": _More(("sandbox reset",), "sandbox"),
}
"""By the names of the command, as they are typed."""


def epilog(path: str) -> str:
    """What stands below the options of a command; of the program itself where the path is empty."""
    return "\n\n".join(f"\b\n{block}" for block in (_program() if not path else _command(path)))


def _program() -> Iterator[str]:
    widest = max(len(name) for name, _ in VARIABLES) + 1
    yield "\n".join(
        [
            "Environment variables:",
            *(f"  {name:<{widest}} {meaning}" for name, meaning in VARIABLES),
            "  Every option can be given as RECONCILER_<OPTION> too, such as RECONCILER_ENV.",
        ]
    )
    yield from _codes(tuple(MEANINGS))
    yield "Begin with: reconciler demo. The manual: reconciler explain --list"


def _command(path: str) -> Iterator[str]:
    facts = _MORE.get(path)
    if facts is None:
        return
    yield "\n".join(["Examples:", *(f"  reconciler {example}" for example in facts.examples)])
    yield from _codes((Exit.DONE, Exit.ERROR, *facts.codes, Exit.USAGE))
    yield f"Read on: reconciler explain {facts.page}"


def _codes(codes: tuple[Exit, ...]) -> Iterator[str]:
    yield "\n".join(["Exit codes:", *(f"  {int(code):<3} {MEANINGS[code]}" for code in sorted(codes))])
