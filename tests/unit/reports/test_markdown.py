"""Markdown for people, checked through a renderer of CommonMark and GFM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from markdown_it.token import Token

from reconciler.core.diagnostics import Severity
from reconciler.core.errors import WrongUsage
from reconciler.reports.fitting import cut
from reconciler.reports.formats.markdown import marker, render
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import CustomerRow, FieldRow, Header, Report, ReportState
from tests.unit.reports import samples
from tests.unit.reports.test_gfm import GFM, seen

SUMMARY = re.compile(r"<details>\n<summary>[^<>&@#`]*</summary>\n")
MARKER = re.compile(r"<!-- reconciler:(plan|run|drift|validation):[A-Za-z0-9_.-]* -->\n")


class Page:
    """A rendered report, parsed: its tables' rows, its diffs, its headings."""

    def __init__(self, data: bytes) -> None:
        self.data, self.text = data, data.decode()
        self.tokens: list[Token] = GFM.parse(self.text)
        blocks = [each.content for each in self.tokens if each.type == "html_block"]
        assert MARKER.fullmatch(blocks[0])
        self.details = [each for each in blocks[1:] if SUMMARY.fullmatch(each)]
        closing = [each for each in blocks[1:] if each == "</details>\n"]
        assert len(self.details) == len(closing) == (len(blocks) - 1) / 2, "no HTML but our own"
        self.diffs = [each.content for each in self.tokens if each.type == "fence"]
        self.headings = list(self._texts("heading_open"))
        cells = list(self._texts("td_open"))
        self.columns = list(self._texts("th_open"))
        wide = len(self.columns) or 1
        self.rows = [cells[at : at + wide] for at in range(0, len(cells), wide)]
        self.tables = sum(each.type == "table_open" for each in self.tokens)
        for each in self._inlines():  # no link, image, or HTML anywhere
            seen([part for part in each.children or [] if not part.type.startswith("strong_")])

    def _inlines(self) -> Iterator[Token]:
        return (each for each in self.tokens if each.type == "inline")

    def _texts(self, kind: str) -> Iterator[str]:
        for opening, content in pairwise(self.tokens):
            if opening.type == kind:
                yield seen(content.children or [])


def planned(*customers: CustomerRow) -> Report:
    """A plan of the customers."""
    return Report(ReportKind.PLAN, ReportState.CHANGES, "x", {}, customers)


def left_out(page: Page) -> tuple[int, int]:
    """How many customers the page says it left out, and how many stand without their fields."""
    if none := re.search(r"\*\*No room for (?:the customer|any of the ([\d,]+) customers) here", page.text):
        return int((none[1] or "1").replace(",", "")), 0
    out = re.search(r"\*\*([\d,]+) of [\d,]+ customers are left out", page.text)
    bare = re.search(r"([\d,]+) customers? in the table without fields", page.text)
    return tuple(int(found[1].replace(",", "")) if found else 0 for found in (out, bare))


@pytest.mark.parametrize("case", samples.REPORTS)
def test_every_sample_renders_as_one_table_and_a_diff_for_each_customer(case: str) -> None:
    """And its state stands in the first heading."""
    report = samples.REPORTS[case]()
    page = Page(render(report))
    assert page.tables == bool(report.customers)
    assert len(page.rows) == len(report.customers)
    assert len(page.diffs) == sum(bool(customer.fields) for customer in report.customers)
    assert page.headings[0].startswith({"run": "Apply"}.get(report.kind, report.kind.value.capitalize()))
    assert visible(report.headline).replace(" ", "") in page.text.replace(" ", "").replace("`", "")


@pytest.mark.parametrize("count", [0, 1, 50, 5_000])
def test_any_number_of_actions_fits_a_comment(count: int) -> None:
    """Whole customers, the riskiest first, and the number of the ones that are left out."""
    report = of_plan(samples.big(count))
    page = Page(render(report))
    assert len(page.data) <= 65_536
    out, bare = left_out(page)
    assert len(page.rows) + out == count
    assert len(page.diffs) + bare == len(page.rows)
    ranked = sorted(report.customers, key=lambda each: -each.risk)
    assert [row[1] for row in page.rows] == [each.label for each in ranked[: len(page.rows)]]
    assert bool(out) == (count == 5_000)
    if out:
        assert len(page.data) > 0.95 * 65_000, "the room is used"


@pytest.mark.parametrize("limit", [1_000, 1_500, 4_000, 32_768, 150_000, 1_048_576])
@pytest.mark.parametrize("make", [lambda: of_plan(samples.big(400)), *samples.HOSTILE_REPORTS.values()])
def test_it_fits_whatever_limit_is_given(limit: int, make: object) -> None:
    """In bytes, and so in characters too; what is there is whole."""
    report: Report = make()
    page = Page(render(report, max_chars=limit))
    out, _ = left_out(page)
    assert len(page.data) <= limit
    assert len(page.rows) + out == len(report.customers)


def test_less_room_than_a_heading_needs_is_refused() -> None:
    """Rather than to cut inside of it."""
    with pytest.raises(WrongUsage, match="too few"):
        render(of_plan(samples.mixed()), max_chars=999)


@pytest.mark.parametrize("name", samples.HOSTILE_REPORTS)
def test_hostile_texts_are_shown_and_do_nothing(name: str) -> None:
    """Names, values, paths, files, messages: the page has the same parts as any other."""
    report = samples.HOSTILE_REPORTS[name]()
    page = Page(render(report, max_chars=1_000_000))
    assert page.tables == bool(report.customers)
    assert sorted(row[2] for row in page.rows) == sorted(cut(customer.name, 120) for customer in report.customers)
    assert len(page.diffs) == len(report.customers)
    for customer in report.customers:
        if len(customer.name) < 120:
            assert any(f"+ {field.after}\n" in diff for field in customer.fields for diff in page.diffs)
    assert not re.search(r"^\s*/", page.text, re.MULTILINE), "no quick action"


def test_no_name_begins_a_list_of_its_own() -> None:
    """Neither a company's nor a customer's."""
    customer = CustomerRow("!", "drifted", "1.", "<x>", severity=Severity.WARNING, message="2) of them", notes=("- a",))
    report = Report(ReportKind.DRIFT, ReportState.CHANGES, "x", {}, (customer,), header=Header(company="3. Firm"))
    page = Page(render(report))
    assert [each.type for each in page.tokens if each.type.endswith("list_open")] == ["bullet_list_open"]
    assert "ordered_list_open" not in {each.type for each in page.tokens}


@pytest.mark.parametrize("environment", ["--> <script>", "a--b", "--", "x\n-->", "Ærlig/test", ""])
def test_the_marker_is_one_hidden_line_whatever_the_environment_is_called(environment: str) -> None:
    """A bot finds its comment by it."""
    report = Report(ReportKind.PLAN, ReportState.CLEAN, "x", {}, header=Header(environment=environment))
    page = Page(render(report))
    assert page.text.startswith(f"{marker(report)}\n")
    assert marker(report).count("--") == 2


def test_two_environments_and_two_kinds_have_two_markers() -> None:
    """So that one comment does not overwrite another."""
    plan = Report(ReportKind.PLAN, ReportState.CLEAN, "x", {}, header=Header(environment="test"))
    others = [replace(plan, kind=ReportKind.RUN), replace(plan, header=Header(environment="production"))]
    assert len({marker(each) for each in [plan, *others]}) == 3


def test_what_stops_the_plan_stands_above_the_customers() -> None:
    """Refusals, then errors, then the rest, each with its place."""
    refused = Page(render(of_plan(samples.refused_by_guard())))
    assert refused.headings == ["Plan for production: refused", "Refused", "Problems", "Customers"]
    assert "- **policy** `customers/nordic.yaml:12`: 10011: a credit limit" in refused.text
    assert [row[0] for row in refused.rows].count("update, refused") == 2
    invalid = Page(render(of_plan(samples.invalid_plan())))
    assert (
        invalid.text.index("**error** P508") < invalid.text.index("**warning** P504") < invalid.text.index("| action")
    )


def test_freshness_budget_and_guards_are_told() -> None:
    """With where the plan is of."""
    text = render(of_plan(samples.mixed())).decode()
    for part in ("327 customers, ", "Applying needs 10 API requests", "Guard updates: 4", "Fjord Handel AS"):
        assert part in text


def test_problems_take_half_the_room_at_most() -> None:
    """Thousands of them do not push out the customers, and the ones left out are counted."""
    report = of_plan(replace(samples.big(50), diagnostics=samples.validation_errors() * 1_000))
    page = Page(render(report))
    shown = len(re.findall(r"^- \*\*(?:error|warning|note)\*\*", page.text, re.MULTILINE))
    assert f"and {5_000 - shown:,} more, left out here" in page.text
    assert page.rows
    assert "**note**" not in page.text, "errors come first"


def test_a_customer_with_very_much_to_say_keeps_its_row() -> None:
    """Its fields do not fit, which is said; the others' do."""
    fields = tuple(FieldRow("~", f"attributes.A{at}", f'"{at}"', '"x"') for at in range(500))
    big = CustomerRow("~", "update", "1", "Big", fields, risk=99)
    small = CustomerRow("~", "update", "2", "Small", fields[:1])
    page = Page(render(planned(big, small)))
    assert [row[2] for row in page.rows] == ["Big", "Small"]
    assert len(page.diffs) == 1
    assert left_out(page) == (0, 1)


def test_what_differs_in_a_long_value_stays_in_sight() -> None:
    """Both sides are cut around the first difference, and their lengths are told."""
    row = FieldRow("~", "note", "a" * 9_000 + "OLD" + "b" * 900, "a" * 9_000 + "NEW" + "b" * 990)
    page = Page(
        render(Report(ReportKind.PLAN, ReportState.CHANGES, "x", {}, (CustomerRow("~", "update", "1", "N", (row,)),)))
    )
    assert "OLDbbb" in page.diffs[0]
    assert "NEWbbb" in page.diffs[0]
    assert "(9,903 characters)" in page.diffs[0]
    assert len(page.diffs[0]) < 1_500


def test_a_redacted_report_says_so() -> None:
    """A reader must know that the values are not the ERP's."""
    report = replace(of_plan(samples.mixed()), redacted=True)
    assert "Personal data was replaced." in render(report).decode()
    assert "Personal data" not in render(of_plan(samples.mixed())).decode()


def test_the_outcome_of_each_action_of_a_run_is_told() -> None:
    """What failed stands first, with what to do."""
    page = Page(render(samples.REPORTS["run_conflict"]()))
    assert [row[0] for row in page.rows][:3] == ["update: failed", "update: conflict", "update: unclear"]
    assert "Make a new plan." in page.text
    assert "the ERP stored" in page.text


def test_severity_words_are_all_known() -> None:
    """The order of problems follows the severities, worst first."""
    assert list(Severity) == [Severity.ERROR, Severity.WARNING, Severity.NOTE]


def test_the_origin_stands_under_the_headline_and_with_each_customer_and_drift_has_a_sign() -> None:
    """A reviewer asks first whether all of it is this branch's."""
    page = Page(render(of_plan(samples.mixed())))
    assert page.text.index("Origin: 4 customers this branch") < page.text.index("### Problems")
    assert page.text.count("Origin: ") == 1
    assert page.columns[3] == "origin"
    assert {row[1]: row[3] for row in page.rows}["10012"] == "⚠ drift"
    assert "@@ mainContact.phone1 @@ line 20, ⚠ drift\n" in page.text


def test_a_plan_without_a_base_has_no_column_of_origins_but_drift_has_its_sign() -> None:
    """The cause is then what tells."""
    row = FieldRow("~", "name", '"a"', '"b"', cause="drift")
    page = Page(
        render(Report(ReportKind.PLAN, ReportState.CHANGES, "x", {}, (CustomerRow("~", "update", "1", "A", (row,)),)))
    )
    assert "origin" not in page.columns
    assert "@@ name @@ ⚠ drift\n" in page.text


@pytest.mark.parametrize("name", ["Rognstad Bloemen V.O.F.", "Havsund B.V.", "Lind Byg A/S"])
def test_a_name_with_an_abbreviation_stays_in_the_summary(name: str) -> None:
    """Legal forms have dots and slashes, and are no markup."""
    customer = CustomerRow("~", "update", "1", name, (FieldRow("~", "name", '"a"', '"b"'),))
    page = Page(render(planned(customer)))
    assert f"<summary>update 1 {name}: 1 field</summary>" in page.text


def test_where_no_customer_fits_none_is_said_to_be_shown() -> None:
    """Not that the riskiest are."""
    entries = tuple(
        CustomerRow("~", "update", str(at), "A" * 120, (FieldRow("~", "p" * 60, '"a"', '"b"'),)) for at in range(10)
    )
    text = render(Report(ReportKind.PLAN, ReportState.CHANGES, "word " * 60, {}, entries), max_chars=1_000).decode()
    assert "No room for any of the 10 customers here." in text
    assert "are shown" not in text
