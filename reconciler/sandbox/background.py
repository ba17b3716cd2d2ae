"""The background API: the call is done at once, its outcome is asked for later (fact sheet 9)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox.clock import moment_text
from reconciler.sandbox.delivery import Reply
from reconciler.sandbox.http_answers import json_answer
from reconciler.sandbox.jsontext import dumps
from reconciler.sandbox.refusals import UnknownRecord
from reconciler.sandbox.runtime import BackgroundJob, Runtime

if TYPE_CHECKING:
    from reconciler.sandbox.customer_endpoints import Call


def accepted(runtime: Runtime, request: Request, target: str, reply: Reply) -> Reply:
    """202 with the id of the job that keeps the reply."""
    job_id = str(uuid.uuid4())
    received = moment_text(runtime.clock.now())
    runtime.jobs[job_id] = BackgroundJob(job_id, received, target, reply.status, reply.headers, reply.body)
    where = f"{str(request.base_url).rstrip('/')}/v1/background/{job_id}"
    body = dumps({"id": job_id, "stateLocation": where}).encode()
    return Reply(202, {"content-type": "application/json; charset=utf-8"}, body)


def job_state(call: Call) -> Response:
    """GET /v1/background/{id}: Finished is not success, `statusCode` tells."""
    job = _job(call)
    finished = job.polls >= call.runtime.switches.background_polls
    job.polls += 1
    return json_answer(_state(job, finished, str(call.request.base_url).rstrip("/")))


def job_content(call: Call) -> Response:
    """GET /v1/background/{id}/content: the body that the call would have had."""
    job = _job(call)
    return Response(job.body, media_type=job.headers.get("content-type", "application/json"))


def _state(job: BackgroundJob, finished: bool, base: str) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "status": "Finished" if finished else "Started",
        "statusCode": job.status if finished else 0,
        "receivedUtc": job.received,
        "startedUtc": job.received,
        **({"finishedUtc": job.received} if finished else {}),
        "originalUri": base + job.target,
        "hasResponseContent": bool(job.body) and finished,
        "hasRequestContent": False,
        "contentLocation": f"{base}/v1/background/{job.job_id}/content",
        "responseHeaders": job.headers if finished else {},
    }


def _job(call: Call) -> BackgroundJob:
    job = call.runtime.jobs.get(call.request.path_params["job_id"])
    if job is None:
        raise UnknownRecord("The background job was not found.")
    return job
