"""What is different in a pipeline whose jobs share a state: `init --ci PLATFORM --state postgres`.

The files of `examples/ci` keep no state between jobs. With one the jobs reach it by two more secrets, a run that was
cut short is gone on with before anything else is applied, drift is told once, and git needs no mark of what was
applied.
"""

from __future__ import annotations

import re

_INSTALLED = (r'"visma-reconciler==', '"visma-reconciler[postgres]==')
_NEWS = (r"reconciler drift --detailed-exitcode", "reconciler drift --only-new --detailed-exitcode")
_NO_MARK = (r" *- reconciler mark-applied\n", "")
_GITHUB_SECRETS = (
    r"( +)VISMA_TENANT_ID: \$\{\{ secrets\.VISMA_TENANT_ID \}\}\n",
    r"\g<0>\1RECONCILER_STATE: ${{ secrets.RECONCILER_STATE }}"
    r"\n\1RECONCILER_STATE_KEY: ${{ secrets.RECONCILER_STATE_KEY }}\n",
)
_NO_HISTORY = (r" +fetch-depth: 0 #[^\n]*\n", "")

CHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "github/action.yml": (),
    "github/pull-request.yml": (
        _INSTALLED,
        _GITHUB_SECRETS,
        (
            r"fetch-depth: 0 #[^\n]*",
            "fetch-depth: 2 # what is checked out is the merge; its first parent is the branch that it goes to",
        ),
    ),
    "github/merge.yml": (_INSTALLED, _GITHUB_SECRETS, _NO_HISTORY, (r"contents: write #[^\n]*", "contents: read")),
    "github/drift.yml": (_INSTALLED, _GITHUB_SECRETS, _NO_HISTORY),
    "gitlab/.gitlab-ci.yml": (),
    "gitlab/template.yml": (
        _INSTALLED,
        (r"    # what was applied last stands in git;[^\n]*\n[^\n]*apt-get[^\n]*\n[^\n]*git fetch[^\n]*\n", ""),
        (r"  variables:\n    GIT_DEPTH: [^\n]*\n", ""),
        (r"( +- )reconciler apply", r'\1reconciler runs resume --digest "$REVIEWED"\n\g<0>'),
        _NO_MARK,
        _NEWS,
    ),
    "azure/azure-pipelines.yml": (
        _INSTALLED,
        (
            r"( +)VISMA_TENANT_ID: \$\(VISMA_TENANT_ID\)\n",
            r"\g<0>\1RECONCILER_STATE: $(RECONCILER_STATE)\n\1RECONCILER_STATE_KEY: $(RECONCILER_STATE_KEY)\n",
        ),
        (r" +fetchDepth: [^\n]*\n", ""),
        (
            r'- bash: (reconciler apply --digest "\$REVIEWED")\n',
            '- bash: reconciler runs resume --digest "$REVIEWED" && \\1\n',
        ),
        (r"( +)# in Azure Repos[^\n]*\n\1- bash: reconciler mark-applied\n(?:\1  [^\n]*\n)*", ""),
        _NEWS,
    ),
    "bitbucket/bitbucket-pipelines.yml": (
        _INSTALLED,
        (r"    # What was applied last[^\n]*\n    - script: &applied >-\n[^\n]*\n[^\n]*\n", ""),
        (r" *- \*applied\n", ""),
        (r"          clone:\n            depth: full[^\n]*\n", ""),
        (r'( +- )reconciler apply --digest ("[^\n]*")', r"\1reconciler runs resume --digest \2\n\g<0>"),
        _NO_MARK,
        _NEWS,
    ),
}
"""By file of `examples/ci`: patterns, and what stands in their place. Each must be found."""


def with_shared_state(name: str, text: str) -> str:
    """A file of `examples/ci` for jobs that share a state. Raises ValueError where a place to change is not found."""
    for pattern, instead in CHANGES[name]:
        text, count = re.subn(pattern, instead, text)
        if not count:
            raise ValueError(f"{name} does not hold {pattern}")
    return text
