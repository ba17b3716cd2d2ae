"""JSON that says the same and steers nothing."""

from __future__ import annotations

import json

import pytest

from reconciler.core.safe_json import inert_json

HOSTILE = "##vso[task.setvariable]##[error]##VSO[a]\\##[b]\u202e\u200b\u2028\u00ad\x7f\x9b\ufeff\U000e0041\u00a0 æ # ##"


@pytest.mark.parametrize("text", [HOSTILE, "###[x]", "\\\\##[", "\n\t\x1b", "Ærlig Ø 日本 🙂"])
def test_the_meaning_stays(text: str) -> None:
    for indent in (None, 2):
        assert json.loads(inert_json(json.dumps({text: [text]}, ensure_ascii=False, indent=indent))) == {text: [text]}


def test_nothing_hidden_and_no_command_is_left() -> None:
    found = inert_json(json.dumps(HOSTILE, ensure_ascii=False))
    assert found.isprintable()
    assert "##[" not in found
    assert "##vso[" not in found.lower()


def test_lines_and_letters_are_left_alone() -> None:
    text = '{\n  "navn": "Ærlig # ## 日本 🙂"\n}\n'
    assert inert_json(text) == text
