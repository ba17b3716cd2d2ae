"""What a chat is told: the summary, of which nothing is markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.reports.notification import SERVICES, body, lines, title
from reconciler.reports.redact import Redactor
from reconciler.reports.view.plan import of_plan
from tests.unit.reports import samples


def texts(value: Any) -> list[tuple[str, str]]:
    """Each text with the type of what holds it."""
    if isinstance(value, dict):
        own = [(str(value.get("type", "")), value["text"])] if isinstance(value.get("text"), str) else []
        return own + [text for member in value.values() for text in texts(member)]
    return [text for member in value for text in texts(member)] if isinstance(value, list) else []


def test_the_summary_says_what_a_reader_must_know_first() -> None:
    report = of_plan(samples.refused_by_guard())
    assert title(report) == "Plan for production, Fjord Handel AS: refused"
    summary = lines(report)
    assert summary[0].startswith("Refused plan: 1 to create, 4 to update")
    assert summary[1] == "Merging also overwrites 1 customer that was changed in the ERP (2 fields)."
    assert any(line.startswith("Refused: 10011: a credit limit") for line in summary)
    assert "10011 Stavanger Stål: refused, credit limit +50%" in summary


def test_identical_changes_are_one_line() -> None:
    change = samples.change("creditTermsId", "10", "14")
    plan = samples.plan(*(samples.action(str(at), "Shop", change) for at in range(604)))
    assert "604 customers: credit terms" in lines(of_plan(plan))


@pytest.mark.parametrize("service", ["slack", "teams"])
@pytest.mark.parametrize("name", samples.HOSTILE_REPORTS)
def test_hostile_texts_are_no_markup_in_a_chat(service: str, name: str) -> None:
    """Slack's plain_text and Teams' TextRun know none; the one text that Slack reads is escaped."""
    report = samples.HOSTILE_REPORTS[name]()
    report = replace(report, header=replace(report.header, company="<!channel> &", environment="<@U1>"))
    message = body(report, service)
    assert message is not None
    held = texts(message)
    assert {kind for kind, _ in held} == ({"", "plain_text"} if service == "slack" else {"TextRun"})
    if service == "slack":
        assert "<" not in message["text"]
    assert not any(char in text for _, text in held for char in "\x1b\x00\u202e\r")


def test_a_chat_is_not_told_that_there_is_nothing_to_do_but_a_webhook_is() -> None:
    report = samples.REPORTS["plan_none"]()
    assert [body(report, service) is None for service in SERVICES] == [True, True, False]


def test_a_webhook_gets_counts_and_states() -> None:
    message = body(samples.REPORTS["run_conflict"](), "webhook")
    assert message is not None
    assert (message["format"], message["kind"], message["state"]) == ("reconciler/notification", "run", "partial")
    assert message["summary"]["conflict"] == 1
    json.dumps(message)


URL = "https://gitlab.example/fjord/-/jobs/7"


def test_the_way_to_the_ci_job_is_a_button_or_a_member() -> None:
    report = samples.REPORTS["plan_mixed"]()
    slack, teams, webhook = (body(report, service, URL) for service in ("slack", "teams", "webhook"))
    assert slack is not None
    assert teams is not None
    assert webhook is not None
    (button,) = slack["blocks"][-1]["elements"]
    assert (button["url"], button["text"]["text"]) == (URL, "Open the CI job")
    assert teams["attachments"][0]["content"]["actions"][0]["url"] == URL
    assert (webhook["job_url"], webhook["format_version"]) == (URL, "1.1")


@pytest.mark.parametrize("service", ["slack", "teams"])
def test_without_a_ci_job_there_is_no_button(service: str) -> None:
    assert "actions" not in json.dumps(body(samples.REPORTS["plan_mixed"](), service))


@pytest.mark.parametrize("service", SERVICES)
def test_a_redacted_report_tells_no_name(service: str) -> None:
    plan = Redactor(b"0123456789abcdef").plan(samples.mixed())
    text = json.dumps(body(of_plan(plan), service), ensure_ascii=False)
    assert "Stavanger" not in text
    assert "Personal data was replaced." in text
