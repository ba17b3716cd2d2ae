"""What is sent to a worker, and what comes back: plain values, which any process on any machine can take.

A task holds no secret and no path of the machine that sends it. Credentials and keys are the worker's own
environment's; what a company keeps between runs is in its shared state, or below the folder that the worker was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.config.settings import SharedSettings
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.fleet import CompanyReport, Work


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What the command says for all companies.

    refresh: as for `plan`. force, lock_timeout (seconds), parallelism, reserve, no_wait: as for `apply`.
    record: note in the state that drift was reported. redact: replace personal data in the report, and in the document
    of a run or of drift; that of a plan is there to be applied, and keeps it. wants_document: send that document back.
    sharers: companies under way at a time, with the same client. since: when the command began, UTC; a run of the same
    plan that began later is the command's own.
    """

    refresh: str = "incremental"
    force: bool = False
    lock_timeout: float = 0.0
    parallelism: int | None = None
    reserve: int = 0
    no_wait: bool = False
    record: bool = True
    redact: bool = False
    wants_document: bool = False
    sharers: int = 1
    since: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """What to do for one company.

    folder: below the fleet's, with forward slashes. environment: None for that of its settings. files: bytes by their
    path below the company's folder; the settings, and for what compares the declarations and the mutes. problems: what
    stood against reading them. plan: the bytes of the plan to apply; digest: that of its changes as it was reviewed.
    """

    name: str
    folder: str
    work: Work
    files: Mapping[str, bytes]
    environment: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    shared: SharedSettings | None = None
    problems: tuple[Diagnostic, ...] = ()
    plan: bytes | None = None
    digest: str = ""
    options: TaskOptions = TaskOptions()


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task. document: the plan, run or drift as JSON, where it was wanted and there is one."""

    report: CompanyReport
    document: bytes | None = None
