"""The ASGI application: gateway in front (limits, faults, background), routes behind."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox import customer_endpoints as endpoints
from reconciler.sandbox.background import accepted, job_content, job_state
from reconciler.sandbox.clock import moment_text
from reconciler.sandbox.control import control_routes, is_control
from reconciler.sandbox.customer_endpoints import Call
from reconciler.sandbox.delivery import Reply, deliver, reset_connection, wait_for_hangup
from reconciler.sandbox.fault_injection import Fault
from reconciler.sandbox.http_answers import error_answer, json_answer
from reconciler.sandbox.refusals import GatewayRefusal, Refusal, support_reference
from reconciler.sandbox.renumbering import end_due_actions
from reconciler.sandbox.runtime import Runtime
from reconciler.sandbox.server_options import CREATE, READ, UPDATE
from reconciler.sandbox.tokens import TokenRefused

Handler = Callable[[Call], Response]

OLD_PREFIX: Final = "/API/controller/api"
_FAULT: Final = "sandbox.fault"
_JSON_TYPES: Final = ("application/json", "text/json")
_ACTION_SCOPES: Final = {"update_or_create": (UPDATE, CREATE), "update": (UPDATE,), "create": (CREATE,)}


def make_app(runtime: Runtime) -> Gate:
    """The whole sandbox as an ASGI application."""
    routes = [Route("/connect/token", _token_endpoint(runtime), methods=["POST"])]
    routes += _api_routes(runtime)
    if runtime.options.control:
        routes += control_routes(runtime)
    inner = Starlette(routes=routes, exception_handlers={HTTPException: _routing_error, Exception: _crash})
    inner.router.redirect_slashes = False
    return Gate(runtime, inner)


def _api_routes(runtime: Runtime) -> list[Route]:
    """In the order that makes `customerClass`, `balance`, `internal` and `action` win (fact sheet 4.2)."""
    table: list[tuple[str, dict[str, Handler]]] = [
        ("", {"GET": endpoints.list_customers, "POST": endpoints.post_customer}),
        ("/customerClass", {"GET": endpoints.list_classes}),
        ("/customerClass/{class_id}", {"GET": endpoints.read_class}),
        ("/balance", {"GET": endpoints.list_balances}),
        (
            "/internal/{internal_id}",
            {"GET": endpoints.read_by_internal, "PUT": endpoints.put_by_internal},
        ),
        ("/action/changeCustomerCd/{internal_id}", {"POST": endpoints.change_customer_cd}),
        ("/{number}/action/createDunningLetter", {"POST": endpoints.create_dunning_letter}),
        ("/{number}/note", {"GET": endpoints.read_note}),
        ("/{number}/salespersons", {"GET": endpoints.read_sales_persons}),
        ("/{number}/directdebit", {"GET": endpoints.read_direct_debits}),
        ("/{number}/balance", {"GET": endpoints.read_balance}),
        ("/{number}", {"GET": endpoints.read_by_number, "PUT": endpoints.put_by_number}),
    ]
    routes = [_route(runtime, f"/v1/customer{path}", handlers) for path, handlers in table]
    routes.append(_route(runtime, "/v1/background/{job_id}", {"GET": job_state}))
    routes.append(_route(runtime, "/v1/background/{job_id}/content", {"GET": job_content}))
    return routes


def _route(runtime: Runtime, path: str, handlers: dict[str, Handler]) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            return await _guarded(runtime, request, handler)
        except Refusal as refused:
            return error_answer(refused, runtime.switches)

    return Route(path, endpoint, methods=list(handlers))


async def _guarded(runtime: Runtime, request: Request, handler: Handler) -> Response:
    """Token first, then the body's type, then the work."""
    scopes = _scopes(runtime, request)
    runtime.tokens.check(request.headers.get("authorization", ""), scopes, runtime.switches)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT") and kind not in _JSON_TYPES:
        raise Refusal(f"{support_reference()}The content type '{kind}' is not supported.", 415)
    return handler(Call(runtime, request, body, request.scope.get(_FAULT)))


def _scopes(runtime: Runtime, request: Request) -> tuple[str, ...]:
    """Which scope goes with which verb (2.1, Q34)."""
    if request.method == "PUT":
        return (UPDATE,)
    if request.method != "POST":
        return (READ,)
    return _ACTION_SCOPES[runtime.switches.action_scope] if "/action/" in request.url.path else (CREATE,)


def _token_endpoint(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            answer = runtime.tokens.issue(await request.body(), request.headers, runtime.switches)
        except TokenRefused as refused:
            error = {"error": refused.error, "error_description": refused.description}
            return json_answer(error, refused.status)
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    return endpoint


async def _routing_error(_: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    headers = dict(getattr(problem, "headers", None) or {})
    text = "The requested resource does not support the method." if status == 405 else "No such resource."
    return json_answer({"message": text}, status, headers)


async def _crash(_: Request, problem: Exception) -> Response:
    return json_answer({"message": f"{support_reference()}{type(problem).__name__}: {problem}"}, 500)


class Gate:
    """The gateway: numbers the answers, counts the calls, and lets faults strike."""

    def __init__(self, runtime: Runtime, inner: Starlette) -> None:
        self.runtime = runtime
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        body = await _read(receive)
        if is_control(scope):
            await deliver(await self._answer(scope, body), None, send)
            return
        await self._serve(self._new_path(scope), body, receive, send)

    def _new_path(self, scope: Scope) -> Scope:
        """The old path leads to the same routes, if the switch allows (Q29)."""
        path: str = scope["path"]
        if not self.runtime.switches.old_paths or not path.lower().startswith(OLD_PREFIX.lower() + "/"):
            return scope
        return {**scope, "path": path[len(OLD_PREFIX) :], "raw_path": scope["raw_path"][len(OLD_PREFIX) :]}

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """One request of a client, with at most one fault."""
        target = _target(scope)
        fault = self.runtime.faults.take(scope["method"], target)
        with self.runtime.store.switched(fault.values if fault is not None and fault.kind == "switch" else {}):
            await self._serve_with(fault, scope, body, receive, send)

    async def _serve_with(self, fault: Fault | None, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        target = _target(scope)
        await self._latency()
        if fault is not None and fault.when == "before" and await self._strike_before(fault, receive, send):
            self._note(scope, target, 0, fault)
            return
        reply = self._replaced(fault) if fault and fault.when == "before" else None
        if reply is None:
            reply = await self._work({**scope, _FAULT: fault}, body, target)
        if fault is not None and fault.when == "after":
            if await self._strike_after(fault, receive, send):
                self._note(scope, target, 0, fault)
                return
            reply = self._replaced(fault) or reply
        self._note(scope, target, reply.status, fault)
        reply.headers.update(self._standing_headers(scope))
        await deliver(reply, fault, send)

    async def _latency(self) -> None:
        switches = self.runtime.switches
        extra = self.runtime.faults.chance.random() * switches.latency_jitter_ms if switches.latency_jitter_ms else 0
        if switches.latency_ms or extra:
            await asyncio.sleep((switches.latency_ms + extra) / 1000)

    async def _strike_before(self, fault: Fault, receive: Receive, send: Send) -> bool:
        """True when the connection is gone and nothing is left to do."""
        self._play_clerk(fault)
        if fault.kind == "expire":
            self.runtime.tokens.expire_all()
        elif fault.kind == "throttle":
            self.runtime.limits.block(fault.seconds)
        return await self._end_connection(fault, receive, send)

    async def _strike_after(self, fault: Fault, receive: Receive, send: Send) -> bool:
        self._play_clerk(fault)
        return await self._end_connection(fault, receive, send)

    async def _end_connection(self, fault: Fault, receive: Receive, send: Send) -> bool:
        """Late, or not at all: true when the connection is gone."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "hang":
            await wait_for_hangup(receive, fault.seconds)
        if fault.kind not in ("reset", "hang"):
            return False
        reset_connection(send)
        return True

    def _play_clerk(self, fault: Fault) -> None:
        """The clerk's hand; an unknown or a taken number leaves everything as it is."""
        store = self.runtime.store
        acts: dict[str, Callable[[], object]] = {
            "edit": lambda: store.edit(fault.number, fault.values),
            "create": lambda: store.create(fault.values, fault.number),
            "renumber": lambda: store.renumber(fault.number, fault.new),
            "vanish": lambda: store.delete(fault.number),
        }
        if fault.kind in acts:
            with suppress(ValueError):
                acts[fault.kind]()

    def _replaced(self, fault: Fault | None) -> Reply | None:
        if fault is None or fault.kind != "respond":
            return None
        headers = {"content-type": fault.content_type} if fault.body else {}
        return Reply(fault.status, {**headers, **fault.headers}, fault.body.encode())

    async def _work(self, scope: Scope, body: bytes, target: str) -> Reply:
        """The rate limit, then the routes; with the background header the answer becomes a job (fact sheet 9)."""
        if not scope["path"].startswith("/v1/"):
            return await self._answer(scope, body)
        identity = b" ".join((scope["method"].encode(), target.encode("utf-8", "replace"), body))
        wait = self.runtime.limits.admit(identity, self.runtime.switches)
        if wait:
            return await _too_many(wait, self.runtime)
        end_due_actions(self.runtime.store)
        reply = await self._answer(scope, body)
        if reply.status >= 400:
            self.runtime.limits.failed(identity)
        background = Headers(scope=scope).get("erp-api-background")
        if background is None or reply.status in (401, 403, 405):
            return reply
        return accepted(self.runtime, Request(scope), target, reply)

    async def _answer(self, scope: Scope, body: bytes) -> Reply:
        """The inner application's answer, held back whole."""
        reply = Reply(500, {}, b"")
        parts: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                parts.append(message.get("body", b""))

        try:
            await self._inner(scope, receive, send)
        except Exception:  # the crash handler has answered already; Starlette raises it again for its server
            if not parts:
                raise
        reply.body = b"".join(parts)
        return reply

    def _standing_headers(self, scope: Scope) -> dict[str, str]:
        """Headers of every answer (3.2)."""
        request_id = str(uuid.uuid4())
        headers = {"Ipp-Request-Id": request_id, "Request-Context": f"appId=cid-v1:{request_id}"}
        if scope["path"] == "/connect/token":
            return headers
        return {**self.runtime.limits.headers(self.runtime.switches), **headers}

    def _note(self, scope: Scope, target: str, status: int, fault: Fault | None) -> None:
        """The request log of the control API; status 0 is an answer that never came."""
        entry: dict[str, Any] = {
            "time": moment_text(self.runtime.clock.now()),
            "method": scope["method"],
            "target": target,
            "status": status,
            "fault": fault.kind if fault else None,
        }
        self.runtime.requests.append(entry)


async def _too_many(wait: int, runtime: Runtime) -> Reply:
    """429 with Retry-After (fact sheet 8)."""
    refused = GatewayRefusal(429, f"Rate limit is exceeded. Try again in {wait} seconds.")
    answer = error_answer(refused, runtime.switches)
    headers = {name.decode(): value.decode("latin-1") for name, value in answer.raw_headers}
    return Reply(429, {**headers, "retry-after": str(wait)}, bytes(answer.body))


def _target(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    raw = scope.get("raw_path") or scope["path"].encode()
    return f"{raw.decode('latin-1')}?{query}" if query else str(raw.decode("latin-1"))


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
