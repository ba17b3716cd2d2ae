"""The files that `init` writes."""

from __future__ import annotations

import json

_SETTINGS = """\
# yaml-language-server: $schema=schemas/reconciler.schema.json
version: 1
company: {company}
api:
  base_url: https://api.finance.visma.net
  token_url: https://connect.visma.com/connect/token
{tenant}
customers: [customers/**/*.yaml]
"""

_CUSTOMER = """\
# yaml-language-server: $schema=../schemas/customer.schema.json
# A field that is not declared is never touched; null or "" clears it in the ERP.
number: "10000"
name: NewCustomer
overrideWithClassValues: true   # on create only: take the class's settings
customerClassId: "1"
mainAddress:
  addressLine1: TestRoad 13
  postalCode: "0101"            # text, quoted or not: the leading zero stays
  countryId: "NO"               # text, quoted or not: never a boolean
"""

_GITHUB = """\
name: reconciler
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
concurrency: reconciler
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: { python-version: "3.12" }
      - run: pip install visma-reconciler
      - run: reconciler validate
  plan:
    needs: validate
    # A fork's pull request has no secrets, and must not get any.
    if: github.event_name == 'push' || github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    env:
      VISMA_CLIENT_ID: ${{ secrets.VISMA_CLIENT_ID }}
      VISMA_CLIENT_SECRET: ${{ secrets.VISMA_CLIENT_SECRET }}
      VISMA_TENANT_ID: ${{ secrets.VISMA_TENANT_ID }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: { python-version: "3.12" }
      - run: pip install visma-reconciler
      - run: reconciler plan -o plan.json
      - if: github.event_name == 'push'
        run: reconciler apply plan.json
"""

_GITLAB = """\
image: python:3.12
before_script:
  - pip install visma-reconciler
validate:
  script: [reconciler validate]
plan:
  script: [reconciler plan -o plan.json]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
apply:
  script: [reconciler plan -o plan.json, reconciler apply plan.json]
  resource_group: reconciler
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""

_AZURE = """\
trigger: [main]
pr: [main]
pool: { vmImage: ubuntu-latest }
steps:
  - task: UsePythonVersion@0
    inputs: { versionSpec: "3.12" }
  - script: pip install visma-reconciler
  - script: reconciler validate
  - script: reconciler plan -o plan.json
    env: { VISMA_CLIENT_SECRET: $(VISMA_CLIENT_SECRET) }
  - script: reconciler apply plan.json
    condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))
    env: { VISMA_CLIENT_SECRET: $(VISMA_CLIENT_SECRET) }
"""

_BITBUCKET = """\
image: python:3.12
pipelines:
  pull-requests:
    "**":
      - step:
          name: plan
          script:
            - pip install visma-reconciler
            - reconciler validate
            - reconciler plan
  branches:
    main:
      - step:
          name: apply
          script:
            - pip install visma-reconciler
            - reconciler plan -o plan.json
            - reconciler apply plan.json
"""

_WORKFLOWS = {
    "github": (".github/workflows/reconciler.yml", _GITHUB),
    "gitlab": (".gitlab-ci.yml", _GITLAB),
    "azure": ("azure-pipelines.yml", _AZURE),
    "bitbucket": ("bitbucket-pipelines.yml", _BITBUCKET),
}


def _quoted(text: str) -> str:
    """The text as a YAML scalar that means just that: `${` is no variable in it."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)


def files(company: str, tenant: str, ci: str | None, *, example: bool = True) -> dict[str, str]:
    """The project's files by their paths; `example` is for a first declaration.

    Credentials are never among them: they come from the environment.
    """
    from reconciler.config.schema import schema_text

    tenant_line = f"  tenant_id: {_quoted(tenant)}" if tenant else "  # tenant_id: from VISMA_TENANT_ID, or here"
    made = {
        "reconciler.yaml": _SETTINGS.format(company=_quoted(company), tenant=tenant_line),
        **({"customers/10000.yaml": _CUSTOMER} if example else {}),
        "schemas/customer.schema.json": schema_text("customer"),
        "schemas/reconciler.schema.json": schema_text("reconciler"),
        ".gitignore": ".reconciler/\nplan.json\n",
    }
    if ci is not None:
        path, text = _WORKFLOWS[ci]
        made[path] = text
    return made
