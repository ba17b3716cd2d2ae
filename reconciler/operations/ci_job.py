"""The CI job that this process runs in, for whoever is kept out by its lock, and for notifications."""

from __future__ import annotations

from collections.abc import Mapping

_TEMPLATES = (
    "{CI_JOB_URL}",  # GitLab
    "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    "{SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",  # Azure
    "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
    "{BUILD_URL}",  # Jenkins
)


_NEVER = set("@ \"'<>|\\")
"""Characters that no such address has; what stands before an @ could be a token."""


def job_url(environ: Mapping[str, str]) -> str | None:
    """The address of the job, where the environment names one."""
    for template in _TEMPLATES:
        try:
            url = template.format_map(environ).replace(" ", "%20")  # projects of Azure have names
        except KeyError:
            continue
        if url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and not set(url) & _NEVER:
            return url
    return None
