"""How much is read of what others made is a setting: what is larger is refused, and what is allowed is really read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.read.file_limits import BOUNDS, WIDEST
from reconciler.config.read.schema import load_schema
from reconciler.config.settings import Limits, load_settings
from reconciler.erp.listing import MAX_PAGES
from reconciler.erp.transport import MAX_BODY
from tests.acceptance.conftest import Company

BOMB = "[" + ", ".join([f"&a{n} [*a{n - 1}, *a{n - 1}]" if n else "&a0 [1, 2]" for n in range(16)]) + "]\n"


def _nested(depth: int) -> str:
    return "{number: 1, name: " + "{x: " * depth + "1" + "}" * depth + "}"


def test_a_file_that_is_larger_than_the_settings_allow_is_not_read(company: Company) -> None:
    company.declare("- {number: 1}\n" + "#" * 2**20)
    assert company.run("validate").code == 0
    company.settings("limits: {file_size: 1}")
    for words in (["validate"], ["fmt", "--check"], ["plan"], ["accept", "--all"]):
        ended = company.run(*words)
        assert ended.code == 3, words
        assert "Y213" in ended.out + ended.err, words


@pytest.mark.parametrize("depth", [40, 190])
def test_nesting_ends_where_the_settings_say_and_breaks_nothing_before(company: Company, depth: int) -> None:
    company.declare(_nested(depth))
    for allowed in (30, depth + 5):
        company.settings(f"limits: {{depth: {allowed}}}")
        for words in (["validate"], ["fmt", "--diff"], ["validate", "--format", "json"]):
            ended = company.run(*words)
            assert ended.code in (0, 3), ended
            if words[0] == "validate":
                assert ("Y212" in ended.out) == (allowed == 30), words


def test_aliases_stand_for_no_more_than_the_settings_say(company: Company) -> None:
    company.declare(BOMB)
    assert "Y206" in company.run("validate").out
    company.settings("limits: {aliases: 1000000}")
    assert "Y206" not in company.run("validate").out


def test_a_list_has_no_more_pages_than_the_settings_say(company: Company) -> None:
    company.store.seed(5, 1, start=1)
    company.settings("limits: {pages: 2}", page_size=2)
    ended = company.run("customers", "list")
    assert ended.code == 1
    assert "limits.pages" in ended.err
    company.settings("limits: {pages: 3}", page_size=2)
    assert company.run("customers", "list").code == 0


def test_an_answer_is_no_larger_than_the_settings_say(company: Company) -> None:
    company.settings("limits: {answer_size: 1}")
    company.sandbox.fault(kind="respond", skip=1, status=200, body="[" + " " * 2**20 + "]")
    ended = company.run("customers", "list")
    assert ended.code == 1
    assert "limits.answer_size" in ended.err


@pytest.mark.parametrize(
    "given",
    ["file_size: 0", "file_size: 1025", "depth: 9", "depth: 201", "aliases: -1", "pages: 0", "answer_size: 9999"],
)
def test_a_limit_that_protects_nothing_is_no_limit(company: Company, given: str) -> None:
    company.settings(f"limits: {{{given}}}")
    ended = company.run("validate")
    assert ended.code == 3
    assert "S106" in ended.out or "S102" in ended.out


def test_the_defaults_and_the_widest_limits_are_those_of_the_schema(tmp_path: Path) -> None:
    members = load_schema("reconciler")["$defs"]["environment"]["properties"]["limits"]["properties"]
    (tmp_path / "reconciler.yaml").write_text("version: 1")
    assert load_settings(tmp_path / "reconciler.yaml", environment=None, environ={}).limits == Limits()
    assert (Limits().pages, Limits().answer_size) == (MAX_PAGES, MAX_BODY)
    for bounds, word in ((BOUNDS, "default"), (WIDEST, "maximum")):
        assert bounds.file_size == members["file_size"][word] * 2**20
        assert (bounds.depth, bounds.aliases) == (members["depth"][word], members["aliases"][word])
    told = [members[name]["default"] for name in ("pages", "answer_size")]
    assert [Limits().pages, Limits().answer_size >> 20] == told
