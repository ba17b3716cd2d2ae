"""Markdown for people, checked through a renderer of CommonMark and GFM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
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
from reconciler.reports.wording import unquoted
from tests.unit.reports import samples
from tests.unit.reports.test_gfm import GFM, seen

SUMMARY = re.compile(r"<details>\n<summary>[^<>&@#`]*</summary>\n")
MARKER = re.compile(r"<!-- reconciler:(plan|run|drift|validation):[A-Za-z0-9_.-]* -->\n")


def _plain(inline: Token) -> list[Token]:
    """Its parts without our own bold."""
    return [part for part in inline.children or [] if not part.type.startswith("strong_")]


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
        self.rows, self.sums = self._rows()
        assert len(cells) == sum(map(len, self.rows + self.sums))
        self.tables = sum(each.type == "table_open" for each in self.tokens)
        for each in self._inlines():  # no link, image, or HTML anywhere
            seen(_plain(each))

    def _rows(self) -> tuple[list[list[str]], list[list[str]]]:
        """The rows of the customers, and those of the sums by field."""
        rows: dict[bool, list[list[str]]] = {True: [], False: []}
        is_sum = False
        for opening, content in pairwise(self.tokens):
            if opening.type == "th_open" and content.content in ("action", "field"):
                is_sum = content.content == "field"
            elif opening.type == "tr_open":
                rows[is_sum].append([])
            elif opening.type == "td_open":
                rows[is_sum][-1].append(seen(_plain(content)))
        return [row for row in rows[False] if row], [row for row in rows[True] if row]

    @property
    def customers(self) -> int:
        """How many customers have a row, alone or in a group."""
        grouped = (re.fullmatch(r"([\d,]+) customers", row[1]) for row in self.rows)
        return sum(int(found[1].replace(",", "")) if found else 1 for found in grouped)

    def _inlines(self) -> Iterator[Token]:
        return (each for each in self.tokens if each.type == "inline")

    def _texts(self, kind: str) -> Iterator[str]:
        for opening, content in pairwise(self.tokens):
            if opening.type == kind:
                yield seen(_plain(content))


def planned(*customers: CustomerRow) -> Report:
    """A plan of the customers."""
    return Report(ReportKind.PLAN, ReportState.CHANGES, "x", {}, customers)


def left_out(page: Page) -> tuple[int, int]:
    """How many customers the page sums up, and how many stand in the table without the details that they have."""
    if none := re.search(r"\*\*No room for a row for (?:the customer|any of the ([\d,]+) customers) here", page.text):
        return int((none[1] or "1").replace(",", "")), 0
    out = re.search(r"the other ([\d,]+) of [\d,]+ customers are summed up", page.text)
    bare = re.search(r"([\d,]+) customers? in the table without more details", page.text)
    return tuple(int(found[1].replace(",", "")) if found else 0 for found in (out, bare))


@pytest.mark.parametrize("case", samples.REPORTS)
def test_every_sample_has_each_customer_once_in_one_table(case: str) -> None:
    """And its state stands in the first heading."""
    report = samples.REPORTS[case]()
    page = Page(render(report))
    assert page.tables == bool(report.customers)
    assert page.customers == len(report.customers)
    assert page.headings[0].startswith({"run": "Apply"}.get(report.kind, report.kind.value.capitalize()))
    assert visible(report.headline).replace(" ", "") in page.text.replace(" ", "").replace("`", "")


@pytest.mark.parametrize("count", [0, 1, 50, 604, 5_000])
def test_any_number_of_actions_fits_a_comment(count: int) -> None:
    """The riskiest customers have rows, all others stand in the sums by field: nobody is left out."""
    report = of_plan(samples.big(count))
    page = Page(render(report))
    assert len(page.data) <= 65_536
    summed, _ = left_out(page)
    assert page.customers + summed == count
    ranked = sorted(report.customers, key=lambda each: -each.risk)
    assert [row[1].split()[0] for row in page.rows] == [each.label for each in ranked[: len(page.rows)]]
    assert bool(summed) == (count > 600)
    if summed:
        assert {row[0].split()[-1] for row in page.sums} == {field.path for row in ranked for field in row.fields}
        assert {row[1] for row in page.sums} == {f"{summed:,}"}, "each of them changes in each of these fields"
        assert f"<summary>The {summed:,} customers</summary>" in page.text
        assert len(page.data) > 0.8 * 65_000, "the room is used"


@pytest.mark.parametrize("count", [604, 5_000])
def test_identical_changes_are_one_row_with_before_and_after(count: int) -> None:
    """And a folded list names every customer."""
    change = samples.change("creditTermsId", "10", "14", line=3)
    plan = samples.plan(*(samples.action(str(10_000 + at), f"Shop {at}", change) for at in range(count)))
    page = Page(render(of_plan(plan)))
    assert [row[:3] for row in page.rows] == [["update", f"{count:,} customers", "Credit terms creditTermsId: 10 → 14"]]
    assert left_out(page) == (0, 0)
    assert all(re.search(rf"\b{10_000 + at}\b", page.diffs[0]) for at in range(count))
    assert ("Shop 7" in page.diffs[0]) == (count == 604), "with names where there is room"
    assert len(page.data) <= 65_536


def test_a_customer_that_differs_in_one_more_field_stands_once_and_apart() -> None:
    """Groups are of whole customers."""
    terms = samples.change("creditTermsId", "10", "14", line=3)
    actions = [samples.action(str(at), "Shop", terms) for at in range(1, 10)]
    actions.append(samples.action("10", "Shop", terms, samples.change("status", "Active", "Inactive", line=4)))
    page = Page(render(of_plan(samples.plan(*actions))))
    assert [row[1] for row in page.rows] == ["10 Shop", "9 customers"]
    assert page.rows[0][3] == "status Inactive, credit terms"


def test_an_overwritten_change_of_the_erp_is_a_headline_and_a_reason() -> None:
    """With how many customers and fields, and the day."""
    page = Page(render(of_plan(samples.mixed())))
    warning = "**⚠ Merging also overwrites 1 customer that was changed in the ERP (2 fields).**"
    assert page.text.index(warning) < page.text.index("### ")
    row = next(row for row in page.rows if row[1].startswith("10012"))
    assert row[3].endswith("overwrites the ERP's change of 12 Nov 2025")
    assert "overwrites" not in render(of_plan(samples.creates_only())).decode().partition("What the words mean")[0]


def test_amounts_have_separators_currency_and_factor() -> None:
    """No digit of them is in doubt."""
    limit = samples.change("creditLimit", Decimal(25_000), Decimal(750_000), line=3)
    page = Page(render(of_plan(samples.plan(samples.action("1", "A", limit, currency="NOK")))))
    assert page.rows[0][2] == "Credit limit creditLimit: 25\u00a0000 → 750\u00a0000\u00a0NOK, ×30"
    assert page.rows[0][3] == "credit limit ×30"


def test_who_wrote_the_line_stands_beside_it_and_hostile_names_are_inert() -> None:
    """By name and commit."""
    page = Page(render(samples.REPORTS["plan_mixed"]()))
    rows = {row[1].split()[0]: row for row in page.rows}
    assert page.columns[-1] == "where, by whom"
    where = "customers/nordic.yaml:11, Kari Nordmann 3c3888b1; Ola Nordmann 91d2aa07"
    assert rows["10011"][-1] == where
    assert "`@octocat <b>` `3c3888b1`" in page.text


@pytest.mark.parametrize("limit", [1_000, 1_500, 4_000, 32_768, 150_000, 1_048_576])
@pytest.mark.parametrize("make", [lambda: of_plan(samples.big(400)), *samples.HOSTILE_REPORTS.values()])
def test_it_fits_whatever_limit_is_given(limit: int, make: object) -> None:
    """In bytes, and so in characters too; what is there is whole."""
    report: Report = make()
    page = Page(render(report, max_chars=limit))
    out, _ = left_out(page)
    assert len(page.data) <= limit
    assert page.customers + out == len(report.customers)


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
    names = sorted(f"{cut(customer.label, 120)} {cut(customer.name, 120)}" for customer in report.customers)
    assert sorted(row[1] for row in page.rows) == names
    visible_text = "\n".join([cell for row in page.rows for cell in row] + page.diffs)
    for field in (field for customer in report.customers for field in customer.fields):
        assert unquoted(field.after)[:12] in visible_text
    assert not re.search(r"^\s*/", page.text, re.MULTILINE), "no quick action"


def test_no_name_begins_a_list_of_its_own() -> None:
    """Neither a company's nor a customer's."""
    customer = CustomerRow("!", "drifted", "1.", "<x>", severity=Severity.WARNING, message="2) of them", notes=("- a",))
    report = Report(ReportKind.DRIFT, ReportState.CHANGES, "x", {}, (customer,), header=Header(company="3. Firm"))
    page = Page(render(report))
    assert [each.type for each in page.tokens if each.type.endswith("list_open")] == 2 * ["bullet_list_open"]
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
    assert [row[1] for row in page.rows] == ["1 Big", "2 Small"]
    assert page.diffs == []
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
    assert page.text.index("Origin: this branch (3 customers)") < page.text.index("### Problems")
    assert page.text.count("Origin: ") == 1
    assert page.columns[4] == "origin"
    assert {row[1]: row[4] for row in page.rows}["10012 Kristiansand Kaffe"] == "⚠ drift"
    assert "@@ mainContact.phone1 @@ line 20, ⚠ drift\n" in page.text


def test_a_plan_without_a_base_has_no_column_of_origins_but_drift_has_its_sign() -> None:
    """The cause is then what tells."""
    row = FieldRow("~", "name", '"a"', f'"{"b" * 60}"', cause="drift")
    page = Page(
        render(Report(ReportKind.PLAN, ReportState.CHANGES, "x", {}, (CustomerRow("~", "update", "1", "A", (row,)),)))
    )
    assert "origin" not in page.columns
    assert "@@ name @@ ⚠ drift\n" in page.text


@pytest.mark.parametrize("name", ["Rognstad Bloemen V.O.F.", "Havsund B.V.", "Lind Byg A/S"])
def test_a_name_with_an_abbreviation_stays_in_the_summary(name: str) -> None:
    """Legal forms have dots and slashes, and are no markup."""
    customer = CustomerRow("~", "update", "1", name, (FieldRow("~", "name", '"a"', f'"{"b" * 60}"'),))
    page = Page(render(planned(customer)))
    assert f"<summary>update 1 {name}: 1 field</summary>" in page.text


def test_where_no_customer_fits_none_is_said_to_be_shown() -> None:
    """Not that the riskiest are."""
    entries = tuple(
        CustomerRow("~", "update", str(at), "A" * 120, (FieldRow("~", "p" * 60, '"a"', '"b"'),)) for at in range(10)
    )
    text = render(Report(ReportKind.PLAN, ReportState.CHANGES, "word " * 60, {}, entries), max_chars=1_000).decode()
    assert "No room for a row for any of the 10 customers here." in text
    assert "are shown" not in text
