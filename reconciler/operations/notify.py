"""`--notify`: post the summary of a report. The address is a secret: whoever has it can write into the chat.

It comes from the environment alone, and stands in no message, log or exception. Whatever goes wrong is a sentence for
the reader and never more: what was planned or applied does not depend on a chat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx

from reconciler.config.settings import url_problem
from reconciler.core.errors import ReconcilerError
from reconciler.erp.transport import open_client

VARIABLE = "RECONCILER_NOTIFY_URL"
_TIMEOUT = 10.0


def post(body: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Send the JSON by one POST; nothing when it arrived, else why it did not, in a sentence without the address.

    Plain http is for this machine alone, redirects are not followed, and `HTTPS_PROXY` is obeyed.
    """
    url = environ.get(VARIABLE, "").strip()
    if not url:
        return f"{VARIABLE} is not set: give it the address of the webhook."
    problem = url_problem(url.partition("?")[0])  # an address of Teams has a query
    if problem or "#" in url:
        return f"{VARIABLE} {problem[0] if problem else 'holds a fragment'}: give it the https address of the webhook."
    try:
        with open_client(parallelism=1, timeout=_TIMEOUT, trust_env=True, urls=(url,)) as client:
            content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
            with closing(client.send(client.request("POST", httpx.URL(url), kind, content=content))) as answer:
                is_success, status = answer.is_success, answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ReconcilerError, OSError) as error:
        return f"The webhook of {VARIABLE} did not answer ({type(error).__name__})."
    if is_success:
        return ""
    return f"The webhook of {VARIABLE} answered {status}: check its address, and that it takes messages."
