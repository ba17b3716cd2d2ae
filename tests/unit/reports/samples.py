"""Reports that every format is tried on: one function for each situation that a reader meets.

The plain functions give the values (a plan, a run, a drift, diagnostics), `REPORTS` the report of each by name.
All of it is fixed: no clock, no chance, so that golden files can be compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.drift import Drift, DriftCount, DriftedCustomer, DriftedField, DriftSummary, Standing
from reconciler.core.mutes import Mute
from reconciler.core.plan import (
    Action,
    Budget,
    Cause,
    Change,
    ConfigSummary,
    Guard,
    LeftAlone,
    LeftField,
    Origin,
    Outcome,
    Plan,
    Refresh,
    Refusal,
    Request,
    Result,
    Run,
    Summary,
    Verb,
    Verdict,
)
from reconciler.reports.view.drift import of_drift
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import Authors, LineAuthor, Report
from reconciler.reports.view.run import of_run
from reconciler.reports.view.validation import of_validation

VERSION = "1.0.0"
READ_AT, MADE_AT = "2026-01-31T12:00:00Z", "2026-01-31T12:00:05Z"
STARTED_AT, FINISHED_AT = "2026-01-31T12:10:00Z", "2026-01-31T12:10:09Z"
BASE_URL = "https://api.finance.visma.net/v1"
PASSED = (Verdict("updates", "30%, from 10 managed customers on", 4, True), Verdict("creates", "50", 1, True))

HOSTILE: dict[str, str] = {
    "script": '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">',
    "attribute": '" onmouseover="window.pwned=1" x=\'',
    "template": "{{7*7}} {% raw %} ${7*7} {#",
    "table": "a | b || c",
    "backticks": "` `` ``` ~~~ ````",
    "comment": "--> <!-- -->",
    "details": "</details></summary></td></table></bdi>",
    "mention": "@everyone @octocat #1 !2 :tada: [x](javascript:alert(1)) https://example.com/",
    "workflow": "::error::stop %0A::set-output name=x::y ##[error] \r\n::error::z",
    "ansi": "\x1b[31mred\x1b[0m \x1b]8;;https://example.com/\x07link\x1b]8;;\x07",
    "override": "\u202egpj.exe \u2066isolated\u2069 \u200bhidden\ufeff",
    "nul": "a\x00b \ud800 \u2028 \x9b31m",
    "xml": "]]> &amp; &#0; &lt;b&gt; <![CDATA[",
    "formula": '=HYPERLINK("https://example.com/","x")',
    "long": "long-" + "x" * 9_990 + "-end",
    "wide": "日本語 العربية עברית ÆØÅ é e\u0301 👩‍💻",
}
"""Values that some format or terminal would act on if they reached it as they are."""


def change(
    path: str,
    before: Any,
    after: Any,
    *,
    line: int = 0,
    cause: Cause = Cause.CONFIG,
    origin: Origin | None = None,
    file: str = "customers/nordic.yaml",
) -> Change:
    """One change; without a line it has no place."""
    return Change(path, before, after, cause, Source(file, line, 3) if line else None, origin)


def action(
    number: str | None,
    name: str,
    *changes: Change,
    verb: Verb = Verb.UPDATE,
    line: int = 3,
    file: str = "customers/nordic.yaml",
    ref: str | None = None,
    currency: str | None = None,
    modified_at: str | None = None,
) -> Action:
    """One action; the request in it is no part of any report."""
    method, path = ("POST", "/customer") if verb is Verb.CREATE else ("PUT", f"/customer/{number}")
    request = Request(method, path, None, {})
    return Action(
        verb,
        number,
        ref,
        name,
        Source(file, line, 1),
        changes,
        request,
        currency=currency,
        modified_at=modified_at,
    )


def plan(*actions: Action, unchanged: int = 0, unmanaged: int = 0, removed: int = 0, **others: Any) -> Plan:
    """A plan of the actions with a summary that fits them."""
    creates = sum(each.action is Verb.CREATE for each in actions)
    updates = len(actions) - creates
    base: dict[str, Any] = {
        "reconciler_version": VERSION,
        "created_at": MADE_AT,
        "environment": "production",
        "company": "Fjord Handel AS",
        "tenant_id": "6a1f5d0c-2b9d-4f1e-9a5e-0c7c5f2a1b3e",
        "base_url": BASE_URL,
        "config": ConfigSummary("sha256:" + "c0" * 32, creates + updates + unchanged, "3c3888b"),
        "refresh": Refresh("full", READ_AT, updates + unchanged + unmanaged + removed, 2),
        "summary": Summary(creates, updates, unchanged, unmanaged, removed),
        "actions": actions,
        "diagnostics": (),
        "budget": Budget(2 * len(actions), 5_000, 4_998, 3_600),
        "guards": PASSED,
        "digest": "sha256:" + "d1" * 32,
    }
    return Plan(**base | others)


def no_changes() -> Plan:
    """The ERP is as declared."""
    return plan(unchanged=1_204, unmanaged=37)


def left_alone() -> Plan:
    """Nothing to write: what differs is muted or ignored."""
    mute = Mute("10000", "creditLimit", "2026-03-31", "agreed with Kari", Source("drift-mutes.yaml", 2, 3))
    at = Source("customers/nordic.yaml", 3, 1)
    limit = LeftField("creditLimit", 5000, 1000, Cause.DRIFT, Source(at.file, 5, 3), mute=mute)
    fax = LeftField("mainContact.fax", None, "+47 22", Cause.UNKNOWN, Source(at.file, 9, 5), "ignore")
    return plan(
        summary=Summary(unchanged=1_202, unmanaged=37, muted=1, ignored=1),
        muted=(LeftAlone("10000", None, "Bergen Bokhandel", at, (limit,)),),
        ignored=(LeftAlone("10001", "dal", "Dal | Sag <b>", at, (fax,)),),
    )


def creates_only() -> Plan:
    """Three new customers: one with a number, one with a ref, one with cleared and empty values."""
    return plan(
        action(
            "10000",
            "Bergen Bokhandel",
            change("number", None, "10000", line=4),
            change("name", None, "Bergen Bokhandel", line=5),
            change("overrideWithClassValues", None, True, line=6),
            change("mainAddress.addressLine1", None, "Strandgaten 13", line=8),
            change("mainAddress.postalCode", None, "0101", line=9),
            change("creditLimit", None, Decimal("50000.00"), line=10),
            verb=Verb.CREATE,
        ),
        action(
            None,
            "Ålesund Fisk & Sønner",
            change("name", None, "Ålesund Fisk & Sønner", line=14),
            change("corporateId", None, "912 345 678", line=15),
            change("mainContact.email", None, "post@alesundfisk.example", line=17),
            verb=Verb.CREATE,
            line=13,
            ref="alesund-fisk",
        ),
        action(
            "10002",
            "Tromsø Trelast",
            change("name", None, "Tromsø Trelast", line=21),
            change("attributes.SEGMENT", None, "SMB", line=23),
            verb=Verb.CREATE,
            line=20,
        ),
        diagnostics=(
            Diagnostic(
                Severity.NOTE,
                "P507",
                '10000: class 1 also sets vatZoneId "01", invoiceOrdersSeparately false',
                source=Source("customers/nordic.yaml", 6, 3),
            ),
        ),
        unchanged=12,
        unmanaged=3,
    )


def mixed() -> Plan:
    """A create and four updates of every cause and origin: values changed, set, cleared, sent so that they stay."""
    file = "customers/south.yaml"
    return plan(
        action(
            "10010",
            "Oslo Optikk AS",
            change("name", None, "Oslo Optikk AS", line=5),
            change("creditTermsId", None, "30", line=6, origin=Origin.BRANCH),
            verb=Verb.CREATE,
            line=4,
        ),
        action(
            "10011",
            "Stavanger Stål",
            change("creditLimit", Decimal("10000.00"), Decimal("15000.00"), line=12, origin=Origin.BRANCH),
            change("mainAddress.addressLine1", "Havnegata 12B", "Havnegata 21", line=14, origin=Origin.BRANCH),
            change("mainAddress.countryId", "NO", "NO", line=15, origin=Origin.BRANCH),
            line=11,
            currency="NOK",
        ),
        action(
            "10012",
            "Kristiansand Kaffe",
            change("mainContact.phone1", "+47 22 00 00 00", None, line=20, cause=Cause.DRIFT, origin=Origin.DRIFT),
            change(
                "note",
                "Deliveries to the back door, between 7 and 9 in the morning. Ring the bell twice. "
                "The driver must have the papers signed by the shift leader, never by a substitute. " * 3,
                "Deliveries to the front door, between 8 and 9 in the morning. Ring the bell once. "
                "The driver must have the papers signed by the shift leader, never by a substitute. " * 3,
                line=21,
                cause=Cause.BOTH,
                origin=Origin.DRIFT,
            ),
            line=18,
            modified_at="2025-11-12T09:30:00.17",
        ),
        action(
            "20001",
            "Drammen Data",
            change(
                "attributes.VIP",
                None,
                "1",
                line=8,
                cause=Cause.UNKNOWN,
                origin=Origin.MERGED,
                file="customers/shared.yaml",
            ),
            change("status", "Active", "OnHold", line=9, file=file, origin=Origin.BRANCH),
            line=7,
            file=file,
        ),
        action(
            "20002",
            "Fredrikstad Frukt",
            change("vatRegistrationId", "NO912345678MVA", "NO912345687MVA", line=17, file=file, origin=Origin.BRANCH),
            change("invoiceContact.email", "faktura@frukt.example", "invoice@frukt.example", line=19, file=file),
            line=15,
            file=file,
        ),
        diagnostics=(
            Diagnostic(
                Severity.WARNING,
                "P504",
                "10011: invoiceAddress and deliveryAddress may change too, because they equal mainAddress now",
                remedy="Declare invoiceAddress and deliveryAddress to hold what is there.",
                source=Source("customers/nordic.yaml", 14, 3),
            ),
        ),
        unchanged=310,
        unmanaged=12,
        removed=1,
    )


def mixed_with_conflict() -> Run:
    """The mixed plan applied: created, updated, stored otherwise, in conflict, failed, unclear, and not sent."""
    made = mixed()
    create, credit, contact, hold, vat = made.actions
    limit, address, _ = credit.changes
    return Run(
        made,
        (
            Result(
                create,
                Outcome.DONE,
                "10010",
                normalised=(change("creditTermsId", "30", "30D", line=6),),
                version="0x01",
            ),
            Result(
                credit,
                Outcome.CONFLICT,
                "10011",
                "it was changed in the ERP since the plan was made, so it was left as it is",
                "Make a new plan.",
                moved=(replace(address, after="Clerk Street 1"), replace(limit, after=Decimal("12500.00"))),
            ),
            Result(contact, Outcome.DONE, "10012", version="0x02"),
            Result(hold, Outcome.FAILED, "20001", "400: the status OnHold is not allowed here", "Ask who may set it."),
            Result(vat, Outcome.UNKNOWN, "20002", "the connection broke after sending", "Run: reconciler runs resume"),
        ),
        STARTED_AT,
        FINISHED_AT,
    )


def refused_by_guard() -> Plan:
    """A plan that a volume guard, a policy and a lifecycle rule refuse."""
    base = mixed()
    return replace(
        base,
        refusals=(
            Refusal(
                Guard.VOLUME,
                "The plan updates 4 of 10 managed customers (40%), more than 30%",
                "Look whether all of it is meant; then apply with --force.",
            ),
            Refusal(
                Guard.POLICY,
                "10011: a credit limit may not rise by more than half (policy credit)",
                "Change the declaration or the policy; --force does not help.",
                "10011",
                Source("customers/nordic.yaml", 12, 3),
            ),
            Refusal(
                Guard.LIFECYCLE,
                "20001: the declaration says prevent_update",
                "Take lifecycle.prevent_update away.",
                "20001",
                Source("customers/south.yaml", 7, 1),
            ),
        ),
        guards=(replace(PASSED[0], passed=False), PASSED[1]),
    )


def invalid_plan() -> Plan:
    """A plan with errors: it shows what it can and cannot be applied."""
    base = mixed()
    errors = (
        Diagnostic(
            Severity.ERROR,
            "P508",
            '20001: the ERP has no customer class "9"',
            "It has 1, 2 and 3.",
            "Write one of these.",
            Source("customers/south.yaml", 8, 20),
        ),
        Diagnostic(Severity.ERROR, "P501", "ref new-one: a new customer needs a name", remedy="Declare name."),
    )
    return replace(base, diagnostics=errors + base.diagnostics)


def validation_errors() -> tuple[Diagnostic, ...]:
    """Errors, a warning and a note, in two files and one without a place."""
    nordic = "customers/nordic.yaml"
    return (
        Diagnostic(Severity.WARNING, "S117", 'ignore: "mainAdress" names no field', remedy="Did you mean mainAddress?"),
        Diagnostic(
            Severity.ERROR,
            "D302",
            'overrideWithClassValues must be true or false, not "yes"',
            remedy="Write true.",
            source=Source(nordic, 5, 26),
        ),
        Diagnostic(
            Severity.ERROR,
            "D301",
            'unknown member "contryId"',
            remedy="Did you mean countryId or county?",
            source=Source(nordic, 10, 3),
        ),
        Diagnostic(
            Severity.ERROR,
            "I402",
            "customer 10011 is declared twice",
            "The other one is customers/nordic.yaml:11.",
            "Keep one of them.",
            Source("customers/south.yaml", 3, 1),
        ),
        Diagnostic(
            Severity.NOTE, "Y209", "the file starts with a byte order mark", source=Source("customers/south.yaml", 1, 1)
        ),
    )


def drifted() -> Drift:
    """Each cause, a muted field, an old and a new one; a missing, a removed and an unmanaged customer."""
    nordic = "customers/nordic.yaml"
    mute = Mute("10012", "mainContact.phone1", "2026-03-31", "until the new contact starts", Source("mutes.yaml", 2, 3))
    return Drift(
        VERSION,
        MADE_AT,
        "production",
        "Fjord Handel AS",
        "6a1f5d0c-2b9d-4f1e-9a5e-0c7c5f2a1b3e",
        BASE_URL,
        Refresh("full", READ_AT, 1_241, 2),
        DriftSummary(1_204, 37, 1, 1, both=1, unknown=1, new=4),
        (
            DriftedCustomer(
                Standing.DRIFTED,
                "10011",
                None,
                "Stavanger Stål",
                Source(nordic, 11, 1),
                "2026-01-30T16:20:00Z",
                "2026-01-12T08:00:00Z",
                (
                    DriftedField(
                        "creditLimit",
                        Decimal("10000.00"),
                        Decimal("100000.00"),
                        Decimal("10000.00"),
                        Cause.DRIFT,
                        Source(nordic, 12, 3),
                        MADE_AT,
                    ),
                    DriftedField(
                        "mainAddress.addressLine1",
                        "Havnegata 12",
                        "Havnegata 21",
                        "Havnegata 12B",
                        Cause.BOTH,
                        Source(nordic, 14, 3),
                        "2026-01-20T12:00:00Z",
                        new=False,
                    ),
                ),
                "2026-01-20T12:00:00Z",
                False,
                currency="NOK",
            ),
            DriftedCustomer(
                Standing.DRIFTED,
                "10012",
                None,
                "Kristiansand Kaffe",
                Source(nordic, 18, 1),
                "2026-01-29T09:00:00Z",
                None,
                (
                    DriftedField(
                        "mainContact.phone1",
                        "+47 22 00 00 00",
                        "+47 22 00 00 01",
                        "+47 22 00 00 00",
                        Cause.DRIFT,
                        Source(nordic, 20, 3),
                        MADE_AT,
                        mute,
                    ),
                    DriftedField("status", None, "OnHold", "Active", Cause.UNKNOWN, Source(nordic, 21, 3), MADE_AT),
                ),
                MADE_AT,
            ),
            DriftedCustomer(
                Standing.MISSING,
                "10099",
                None,
                "Molde Møbler",
                Source(nordic, 40, 1),
                first_seen=MADE_AT,
                message="it was applied on 2026-01-12 and is not in the ERP any more",
            ),
            DriftedCustomer(Standing.REMOVED, "30001", None, "Hamar Hage", modified_at="2025-12-01T09:00:00Z"),
            DriftedCustomer(Standing.UNMANAGED, "90001", None, "Walk-in customer", modified_at="2024-05-01T09:00:00Z"),
        ),
        since="2026-01-30T12:00:00Z",
        history=(
            DriftCount("2026-01-28T12:00:00Z", 12),
            DriftCount("2026-01-29T12:00:00Z", 7, 1, 6),
            DriftCount("2026-01-30T12:00:00Z", 2, 0, 5),
            DriftCount(MADE_AT, 5, 3, 0),
        ),
    )


def hostile() -> Plan:
    """Every text that comes from files or the ERP is hostile: names, values, paths, file names, company, messages."""
    place = Source("customers/<b>|`--> \x1b[31m\u202e@everyone.yaml", 3, 1)
    actions = tuple(
        action(
            str(10_000 + index) if index else HOSTILE["script"],
            text,
            change("name", HOSTILE["table"], text, line=4, file=place.file),
            change(f"attributes.{text[:60]}", text, None, line=5, file=place.file, cause=Cause.DRIFT),
            change("note", text, text + "!", line=6, file=place.file, cause=Cause.BOTH),
            file=place.file,
        )
        for index, text in enumerate(HOSTILE.values())
    )
    return plan(
        *actions,
        company=HOSTILE["script"],
        environment=HOSTILE["details"],
        tenant_id=HOSTILE["ansi"],
        base_url=HOSTILE["attribute"],
        diagnostics=hostile_diagnostics(),
        muted=tuple(LeftAlone(text, text, text, place, (_left(text, place),)) for text in HOSTILE.values()),
        refusals=tuple(Refusal(Guard.POLICY, text, text, "10001", place) for text in HOSTILE.values()),
    )


def _left(text: str, place: Source) -> LeftField:
    mute = Mute(text, text, text, text, place)
    return LeftField(f"attributes.{text[:60]}", text, text + "!", Cause.DRIFT, place, mute=mute)


def hostile_diagnostics() -> tuple[Diagnostic, ...]:
    """One problem for each hostile text, everywhere in it."""
    kinds = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    return tuple(
        Diagnostic(kinds[index % 3], "D301", text, text, text, Source(f"customers/{text[:40]}.yaml", index + 1, 2))
        for index, text in enumerate(HOSTILE.values())
    )


def hostile_run() -> Run:
    """The hostile plan applied, none of it well."""
    made = hostile()
    results = tuple(
        Result(each, Outcome.FAILED, each.number, text, text, moved=(change("name", text, text + "?"),))
        for each, text in zip(made.actions, HOSTILE.values(), strict=True)
    )
    return Run(made, results, STARTED_AT, FINISHED_AT, hostile_diagnostics())


def big(count: int) -> Plan:
    """Many changes: four fields for each customer, in files of a hundred, one in ten a create."""
    return plan(*(_one_of_many(index) for index in range(count)), unchanged=count, unmanaged=count // 10)


def _one_of_many(index: int) -> Action:
    file, line = f"customers/part-{index // 100:03}.yaml", 1 + index % 100 * 8
    create = index % 10 == 0
    cause = (Cause.CONFIG, Cause.DRIFT, Cause.BOTH, Cause.UNKNOWN)[index % 4]

    def one(path: str, before: Any, after: Any, down: int) -> Change:
        return change(path, None if create else before, after, line=line + down, file=file, cause=cause)

    return action(
        str(100_000 + index),
        f"Customer {index} {('Bygg', 'Frukt', 'Data', 'Stål', 'Kaffe')[index % 5]} AS",
        one("creditLimit", Decimal(1_000 + index), Decimal(1_500 + index), 1),
        one("mainAddress.addressLine1", f"Storgata {index % 90}", f"Storgata {index % 90 + 1}B", 2),
        one("mainContact.email", f"post{index}@old.example", f"post{index}@new.example", 3),
        one("mainContact.phone1", "+47 22 00 00 00", None if index % 7 == 0 and not create else "+47 22 00 00 01", 4),
        verb=Verb.CREATE if create else Verb.UPDATE,
        file=file,
        line=line,
    )


AUTHORS: Authors = {
    ("customers/nordic.yaml", 12): LineAuthor("Kari Nordmann", "3c3888b1"),
    ("customers/nordic.yaml", 14): LineAuthor("Ola Nordmann", "91d2aa07"),
    ("customers/south.yaml", 9): LineAuthor("@octocat <b>", "3c3888b1"),
}
"""Who wrote some of the lines of the mixed plan; one has a hostile name."""


def drift_report() -> Report:
    """What `drifted` says."""
    return of_drift(drifted())


def clean_validation() -> Report:
    """Nothing to find."""
    return of_validation((), 3)


REPORTS: dict[str, Callable[[], Report]] = {
    "plan_none": lambda: of_plan(no_changes()),
    "plan_left_alone": lambda: of_plan(left_alone()),
    "plan_creates": lambda: of_plan(creates_only()),
    "plan_mixed": lambda: of_plan(mixed(), AUTHORS),
    "plan_refused": lambda: of_plan(refused_by_guard()),
    "plan_invalid": lambda: of_plan(invalid_plan()),
    "validation_errors": lambda: of_validation(validation_errors(), 14),
    "run_conflict": lambda: of_run(mixed_with_conflict()),
    "drift": drift_report,
}
"""The reports that have golden files, by the files' names."""

HOSTILE_REPORTS: dict[str, Callable[[], Report]] = {
    "plan": lambda: of_plan(hostile()),
    "run": lambda: of_run(hostile_run()),
    "validation": lambda: of_validation(hostile_diagnostics(), 1),
}
"""The same hostile texts through each kind of report."""
