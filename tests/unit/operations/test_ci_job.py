"""The address of the CI job, by the variables of its platform."""

from __future__ import annotations

import pytest

from reconciler.operations.ci_job import job_url


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"CI_JOB_URL": "https://gitlab.example/fjord/-/jobs/7"}, "https://gitlab.example/fjord/-/jobs/7"),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "fjord/erp", "GITHUB_RUN_ID": "7"},
            "https://github.com/fjord/erp/actions/runs/7",
        ),
        (
            {
                "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/fjord/",
                "SYSTEM_TEAMPROJECT": "our erp",
                "BUILD_BUILDID": "7",
            },
            "https://dev.azure.com/fjord/our%20erp/_build/results?buildId=7",
        ),
        (
            {"BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.org/fjord/erp", "BITBUCKET_BUILD_NUMBER": "7"},
            "https://bitbucket.org/fjord/erp/pipelines/results/7",
        ),
        ({"BUILD_URL": "https://jenkins.example/job/erp/7/"}, "https://jenkins.example/job/erp/7/"),
        ({}, None),
    ],
    ids=["gitlab", "github", "azure", "bitbucket", "jenkins", "none"],
)
def test_each_platform_names_its_job(environ: dict[str, str], url: str | None) -> None:
    assert job_url(environ) == url


@pytest.mark.parametrize(
    "url", ["https://token:x@gitlab.example/7", "javascript:alert(1)", "https://x.example/<b>", "https://x.example/a|b"]
)
def test_what_holds_a_token_or_is_no_plain_address_is_none(url: str) -> None:
    assert job_url({"CI_JOB_URL": url}) is None
