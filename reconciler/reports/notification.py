"""What a chat or a program is told of a report: its summary, as the body of one POST. Pure.

Nothing of it is markup where it arrives: in Slack all texts are `plain_text`, in Teams they are `TextRun`s, of which
neither reads links, mentions or formatting. The way to the CI job is a button, whose address is no text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.reports.fitting import cut
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.groups import Group, groups_of
from reconciler.reports.view.report import Report, ReportState
from reconciler.reports.view.risk import shortened
from reconciler.reports.wording import TITLES, counted

FORMAT, FORMAT_VERSION = "reconciler/notification", "1.1"
"""Minor versions only add: 1.1 `job_url`."""
_LISTED, _LONGEST, _TITLE = 5, 300, 140
_OPEN = "Open the CI job"
_CLEAN = {ReportKind.PLAN: "no changes", ReportKind.RUN: "done", ReportKind.DRIFT: "none"}


def body(report: Report, service: str, job_url: str | None = None) -> dict[str, Any] | None:
    """The JSON for slack, teams or webhook; None where a chat need not hear of it, because there is nothing to do.

    job_url: the CI job that made the report.
    """
    if service != "webhook" and report.state is ReportState.CLEAN and report.kind is not ReportKind.RUN:
        return None
    return _BODIES[service](report, job_url)


def title(report: Report) -> str:
    """`Plan for production, Fjord Handel AS: changes`."""
    state = _CLEAN[report.kind] if report.state is ReportState.CLEAN else report.state.value
    company = f", {report.header.company}" if report.header.company else ""
    return cut(f"{TITLES[report.kind]} for {report.header.environment}{company}: {state}", _TITLE)


def lines(report: Report) -> list[str]:
    """The summary: the headline, what must not be missed, what refuses the plan, and the first customers to look at."""
    refusals = [f"Refused: {visible(refusal.summary)}" for refusal in report.refusals]
    looks = [group for group in groups_of(report.customers) if group.stakes and not group.first.muted]
    texts = [report.headline, report.warning, report.scope, *refusals[:_LISTED], *map(_look, looks[:_LISTED])]
    if report.redacted:
        texts.append("Personal data was replaced.")
    return [cut(text, _LONGEST) for text in texts if text]


def _look(group: Group) -> str:
    row = group.first
    who = f"{row.label} {row.name}".rstrip() if group.is_single else counted(len(group.customers), "customer")
    return f"{who}: {shortened(group.stakes)}"


def _slack(report: Report, job_url: str | None) -> dict[str, Any]:
    """Blocks; `text` is what a phone shows, in which Slack reads &, < and > as markup."""
    fallback = title(report).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title(report), "emoji": False}},
        {"type": "section", "text": {"type": "plain_text", "text": "\n".join(lines(report)), "emoji": False}},
    ]
    if job_url:
        button = {"type": "button", "text": {"type": "plain_text", "text": _OPEN, "emoji": False}, "url": job_url}
        blocks.append({"type": "actions", "elements": [button]})
    return {
        "text": fallback,
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _teams(report: Report, job_url: str | None) -> dict[str, Any]:
    """An adaptive card, as a Teams workflow takes it."""

    def paragraph(text: str, **style: str) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}

    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [paragraph(title(report), weight="Bolder", size="Medium"), *map(paragraph, lines(report))],
    } | ({"actions": [{"type": "Action.OpenUrl", "title": _OPEN, "url": job_url}]} if job_url else {})
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _webhook(report: Report, job_url: str | None) -> dict[str, Any]:
    header = report.header
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": report.kind.value,
        "state": report.state.value,
        "company": header.company,
        "environment": header.environment,
        "tenant_id": header.tenant_id,
        "created_at": report.created_at,
        "digest": report.digest,
        "redacted": report.redacted,
        "summary": dict(report.counts),
        "title": title(report),
        "lines": lines(report),
        "job_url": job_url,
    }


_BODIES: Mapping[str, Callable[[Report, str | None], dict[str, Any]]] = {
    "slack": _slack,
    "teams": _teams,
    "webhook": _webhook,
}
SERVICES = tuple(_BODIES)
"""The words of `--notify`."""
