"""Interpolation: variables into texts, and nothing else."""

from __future__ import annotations

import pytest

from reconciler.config.read.interpolate import interpolate, is_refused

ENVIRON = {"A": "alpha", "EMPTY": "", "NESTED": "${env:A}", "DOLLAR": "$${x}"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$A and $", "$A and $"),
        ("${env:A}", "alpha"),
        ("<${env:A}${env:A}>", "<alphaalpha>"),
        ("${env:B:-beta}", "beta"),
        ("${env:A:-beta}", "alpha"),
        ("${env:EMPTY:-beta}", "beta"),
        ("${env:EMPTY:-}", ""),
        ("${env:B:-a:-b $x}", "a:-b $x"),
        ("$${env:A}", "${env:A}"),
        ("$$${env:A}", "$${env:A}"),
        ("$${", "${"),
        ("${env:NESTED}", "${env:A}"),
        ("${env:DOLLAR}", "$${x}"),
    ],
)
def test_what_comes_out(text: str, result: str) -> None:
    assert interpolate(text, ENVIRON) == (result, [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("${env:B}", "unset"),
        ("${env:EMPTY}", "unset"),
        ("${A}", "malformed"),
        ("${env:}", "malformed"),
        ("${env:1A}", "malformed"),
        ("${env:A", "malformed"),
        ("${env:A-b}", "malformed"),
        ("${ENV:A}", "malformed"),
        ("${env:A:-${env:B}}", "malformed"),
        ("${env: A}", "malformed"),
        ("${", "malformed"),
        ("${env:VISMA_CLIENT_ID:-x}", "refused"),
    ],
)
def test_what_is_refused(text: str, kind: str) -> None:
    _, (problem,) = interpolate(text, ENVIRON)
    assert problem.kind == kind
    assert problem.summary
    assert problem.remedy


def test_every_problem_of_a_text_is_reported() -> None:
    assert [each.kind for each in interpolate("${env:X} ${y} ${env:MY_TOKEN}", {})[1]] == [
        "unset",
        "malformed",
        "refused",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "VISMA_CLIENT_SECRET",
        "VISMA_CLIENT_SECRET_FILE",
        "VISMA_CLIENT_ID",
        "GITHUB_TOKEN",
        "my_password",
        "SSH_PRIVATE_KEY",
    ],
)
def test_credentials_are_refused(name: str) -> None:
    assert is_refused(name)


@pytest.mark.parametrize("name", ["CI", "COMPANY", "VISMA_TENANT_ID", "VISMA_BASE_URL", "VISMA_TOKEN_URL"])
def test_other_variables_are_not(name: str) -> None:
    assert not is_refused(name)
