"""The HTML report as text: one inert, self-contained, steady page. `tests/browser` looks at it in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reconciler.core.drift import DriftCount
from reconciler.reports.formats.html import render
from reconciler.reports.safe_text import visible
from reconciler.reports.view.drift import of_drift
from reconciler.reports.view.plan import of_plan
from tests.unit.reports import samples

ATTRIBUTES = re.compile(r"(on.*|style|src|srcset|action|formaction|ping|background|poster)")


class Page(HTMLParser):
    """The page's elements and texts, as a browser takes them apart."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each such element."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("name", samples.HOSTILE_REPORTS)
def test_hostile_texts_make_no_element_and_no_attribute(name: str) -> None:
    """They are words in the page: each is there in full, and none adds an element that a harmless report has not."""
    page = Page(render(samples.HOSTILE_REPORTS[name]()))
    text = "".join(page.texts)
    assert all(visible(each) in text for each in samples.HOSTILE.values())
    assert {tag for tag, _ in page.elements}.isdisjoint({"img", "iframe", "object", "embed", "base", "form", "link"})
    assert (len(page.all("script")), len(page.all("style"))) == (1, 1)
    for tag, attributes in page.elements:
        assert not [each for each in attributes if ATTRIBUTES.fullmatch(each)], (tag, attributes)
        assert attributes.get("href", "#").startswith("#")


def test_the_policy_allows_the_page_s_own_style_and_script_and_nothing_else() -> None:
    page = render(samples.REPORTS["plan_mixed"]()).decode()
    policy = Page(page.encode()).all("meta")[1]["content"]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        inner = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "base-uri 'none'; form-action 'none'" in policy


def test_the_title_says_what_company_and_how_it_stands() -> None:
    assert (
        "<title>Plan · Fjord Handel AS · No changes: 0 to create, 0 to update, 1,204 unchanged, 37 unmanaged.</title>"
        in render(samples.REPORTS["plan_none"]()).decode()
    )


def test_a_redacted_report_says_so() -> None:
    report = samples.REPORTS["plan_mixed"]()
    assert "Redacted." not in render(report).decode()
    assert "Redacted." in render(replace(report, redacted=True)).decode()


def test_two_reports_of_one_second_are_two() -> None:
    counts = (DriftCount("2026-01-30T12:00:00Z", 41), DriftCount("2026-01-30T12:00:00Z", 43, 2, 0))
    page = render(of_drift(replace(samples.drifted(), history=counts))).decode()
    assert re.search(r">41<.*>43<", page, re.DOTALL)


def test_a_limit_of_comments_leaves_nothing_out() -> None:
    report = of_plan(samples.big(20))
    assert render(report, max_chars=1_000) == render(report)


def test_five_thousand_customers_fit_in_ten_megabytes() -> None:
    """Told by a tenth of them: a page grows with the customers, and with nothing else."""
    assert len(render(of_plan(samples.big(500)))) < 1_000_000


def _colours(block: str) -> dict[str, tuple[float, ...]]:
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6})", block)
    return {name: tuple(int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)) for name, value in found}


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: int) -> None:
    """WCAG 1.4.3: at least 4.5 to 1; 1.4.11: at least 3 to 1 for the bars and the frames of controls."""
    page = render(samples.REPORTS["plan_none"]()).decode()
    colours = _colours(re.findall(r":root \{[^}]*--bg[^}]*\}", page)[scheme])
    tones = ("good", "bad", "warn", "info", "plain")
    pairs = [(f"{tone}-ink", ground) for tone in tones for ground in (f"{tone}-wash", "card")]
    pairs += [(ink, ground) for ink in ("text", "quiet", "accent") for ground in ("bg", "card")]
    for ink, ground in pairs:
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
    light, dark = sorted((_luminance(colours["bar"]), _luminance(colours["plain-wash"])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3
