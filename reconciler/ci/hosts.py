"""Which hosts the jobs of the pipelines may send the credentials to: `VISMA_ALLOWED_HOSTS` in each of them.

A branch can change `reconciler.yaml`, and the job that plans the branch holds the credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from reconciler.config.settings import Api, is_loopback, url_host, url_problem
from reconciler.core.errors import WrongUsage

EXAMPLE_HOSTS = ",".join(map(url_host, (Api().base_url, Api().token_url)))
"""What the examples in `examples/ci` allow: the hosts of the API and of its tokens."""

_HOST = re.compile(r"[a-z0-9.-]+")


def new_api(environ: Mapping[str, str]) -> Api:
    """Where a new project's ERP is: VISMA_BASE_URL and VISMA_TOKEN_URL, or the ERP's own addresses.

    No job reaches a test server on this machine, so a loopback address counts as not given. Raises WrongUsage for what
    is no URL of a host.
    """
    usual = Api()
    return replace(
        usual,
        base_url=_reachable(environ, "VISMA_BASE_URL", usual.base_url),
        token_url=_reachable(environ, "VISMA_TOKEN_URL", usual.token_url),
    )


def _reachable(environ: Mapping[str, str], variable: str, default: str) -> str:
    url = environ.get(variable, "").strip() or default
    if problem := url_problem(url):
        raise WrongUsage(f"{variable} {problem[0]}", remedy=problem[1])
    return default if is_loopback(url_host(url)) else url


def allowed_hosts(api: Api) -> str:
    """The hosts that the jobs of a project reach. Raises WrongUsage for one that cannot stand in a pipeline.

    >>> allowed_hosts(Api(base_url="https://erp.example.org/visma"))
    'erp.example.org,connect.visma.com'
    """
    hosts = list(dict.fromkeys(map(url_host, (api.base_url, api.token_url))))
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise WrongUsage(
                "VISMA_BASE_URL or VISMA_TOKEN_URL has a host that cannot be written into a pipeline",
                remedy="Write its ASCII name, xn--..., or unset the variable and edit the files that init writes.",
            )
    return ",".join(hosts)
