"""Which hosts the jobs of the pipelines may send the credentials to: `VISMA_ALLOWED_HOSTS` in each of them.

A branch can change `reconciler.yaml`, and the job that plans the branch holds the credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.config.settings import Api, is_loopback, url_host, url_problem
from reconciler.core.errors import WrongUsage

EXAMPLE_HOSTS = ",".join(map(url_host, (Api().base_url, Api().token_url)))
"""What the examples in `examples/ci` allow: the hosts of the API and of its tokens."""

_HOST = re.compile(r"[a-z0-9.-]+")


def allowed_hosts(environ: Mapping[str, str]) -> str:
    """The hosts that a new project reaches: those of VISMA_BASE_URL and VISMA_TOKEN_URL, or the ERP's own.

    No job reaches a test server on this machine, so a loopback address counts as not given. Raises WrongUsage for what
    is no URL of a host.

    >>> allowed_hosts({"VISMA_BASE_URL": "https://erp.example.org/visma"})
    'erp.example.org,connect.visma.com'
    """
    hosts = []
    for variable, default in (("VISMA_BASE_URL", Api().base_url), ("VISMA_TOKEN_URL", Api().token_url)):
        url = environ.get(variable, "").strip() or default
        problem, remedy = url_problem(url) or ("", "")
        host = "" if problem else url_host(url)
        if is_loopback(host):
            host = url_host(default)
        if not _HOST.fullmatch(host):
            raise WrongUsage(f"{variable} {problem or 'holds a host that pipelines take no word of'}", remedy=remedy)
        hosts.append(host)
    return ",".join(dict.fromkeys(hosts))
