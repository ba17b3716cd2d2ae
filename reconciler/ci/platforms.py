"""The CI platforms, a row each: the pipelines that `init --ci` writes, and by what their jobs are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.ci.hosts import EXAMPLE_HOSTS
from reconciler.ci.install import EXAMPLE, with_postgres
from reconciler.ci.shared_state import with_shared_state

_SECRETS = "VISMA_CLIENT_ID, VISMA_CLIENT_SECRET and VISMA_TENANT_ID"
_FLEET_SECRETS = "VISMA_CLIENT_ID, VISMA_CLIENT_SECRET, RECONCILER_STATE and RECONCILER_STATE_KEY"


@dataclass(frozen=True, slots=True)
class Platform:
    """One CI platform.

    variable: what its jobs have in their environment, and no other's. files: by their path in a project, the files of
    `examples/ci`; fleet_files: those of a fleet. before_merge, before_fleet_merge: what the pipelines need and no
    file can hold.
    """

    variable: str
    files: Mapping[str, str]
    before_merge: str
    fleet_files: Mapping[str, str] = field(default_factory=dict)
    before_fleet_merge: str = ""


PLATFORMS = {
    "github": Platform(
        "GITHUB_ACTIONS",
        {
            ".github/actions/reconciler/action.yml": "github/action.yml",
            ".github/workflows/reconciler-pull-request.yml": "github/pull-request.yml",
            ".github/workflows/reconciler-merge.yml": "github/merge.yml",
            ".github/workflows/reconciler-drift.yml": "github/drift.yml",
        },
        f"the environments erp-read, erp-write and erp-approve, each with the secrets {_SECRETS}",
        {
            ".github/workflows/reconciler-fleet-pull-request.yml": "fleet/github/pull-request.yml",
            ".github/workflows/reconciler-fleet-merge.yml": "fleet/github/merge.yml",
            ".github/workflows/reconciler-fleet-drift.yml": "fleet/github/drift.yml",
        },
        f"the environments erp-read and erp-approve, each with the secrets {_FLEET_SECRETS}",
    ),
    "gitlab": Platform(
        "GITLAB_CI",
        {".gitlab-ci.yml": "gitlab/.gitlab-ci.yml", ".gitlab/reconciler.yml": "gitlab/template.yml"},
        f"the variables {_SECRETS}, once for the environment erp-read and once, protected, for erp-write",
        {".gitlab-ci.yml": "fleet/gitlab/.gitlab-ci.yml"},
        f"the variables {_FLEET_SECRETS}, once for the environment erp-read and once, protected, for erp-write",
    ),
    "azure": Platform(
        "TF_BUILD",
        {"azure-pipelines.yml": "azure/azure-pipelines.yml"},
        f"the variable groups erp-read and erp-write with {_SECRETS}, and the environment erp-write",
    ),
    "bitbucket": Platform(
        "BITBUCKET_BUILD_NUMBER",
        {"bitbucket-pipelines.yml": "bitbucket/bitbucket-pipelines.yml"},
        f"the repository variables {_SECRETS}, and the deployment environment erp-write with its own",
    ),
}


_SERVERS = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
"""Each CI server sets one of these: most of them CI, Azure Pipelines TF_BUILD."""


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether a CI server runs this, whichever it is."""
    return any(environ.get(name) for name in _SERVERS)


def running_on(environ: Mapping[str, str]) -> str | None:
    """The platform whose job this is, if it is one."""
    return next((name for name, platform in PLATFORMS.items() if environ.get(platform.variable)), None)


def before_merge(ci: str, *, is_state_shared: bool = False) -> str:
    """What the pipelines need and no file can hold."""
    state, pages = "", "reconciler explain ci"
    if is_state_shared:
        state = ", and beside each of them RECONCILER_STATE and RECONCILER_STATE_KEY"
        pages += ", and reconciler explain state"
    return f"Before you merge, make {PLATFORMS[ci].before_merge}{state}. What each of them is for: {pages}."


def before_fleet_merge(ci: str) -> str:
    """What the pipelines of a fleet need: each company's tenant stands in its settings."""
    needed = PLATFORMS[ci].before_fleet_merge
    return f"Before you merge, make {needed}: docs/fleet.md of reconciler says which may do what."


def fleet_pipelines(ci: str, install: str = EXAMPLE, hosts: str = EXAMPLE_HOSTS) -> dict[str, str]:
    """The files of a platform for a fleet by their paths; install and hosts as for `pipelines`."""
    texts = {path: _example(name) for path, name in PLATFORMS[ci].fleet_files.items()}
    return _filled(texts, (with_postgres(EXAMPLE), with_postgres(install)), hosts)


def pipelines(
    ci: str, install: str = EXAMPLE, hosts: str = EXAMPLE_HOSTS, *, is_state_shared: bool = False
) -> dict[str, str]:
    """The files of a platform by their paths: the examples of `examples/ci`, or those with a shared state.

    install: what their jobs install, which `check_install` took. hosts: what `allowed_hosts` gave.
    """
    texts = {path: (name, _example(name)) for path, name in PLATFORMS[ci].files.items()}
    if not is_state_shared:
        return _filled({path: text for path, (_, text) in texts.items()}, (EXAMPLE, install), hosts)
    changed = {path: with_shared_state(*file) for path, file in texts.items()}
    return _filled(changed, (with_postgres(EXAMPLE), with_postgres(install)), hosts)


def _filled(texts: Mapping[str, str], install: tuple[str, str], hosts: str) -> dict[str, str]:
    """The texts with another word for pip, before and after, and with other hosts."""
    before, after = install
    return {
        path: text.replace(f'"{before}"', f'"{after}"').replace(EXAMPLE_HOSTS, hosts) for path, text in texts.items()
    }


def _example(name: str) -> str:
    """One file of `examples/ci`: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    if (package / "ci" / "pipelines").is_dir():
        return (package / "ci" / "pipelines" / name).read_text(encoding="utf-8")
    file = package.parent / ("action.yml" if name == "github/action.yml" else f"examples/ci/{name}")
    return file.read_text(encoding="utf-8")
