"""The control API under /sandbox: for rehearsals and tests, no part of the ERP.

It needs no token, answers to the own machine only, and refuses browsers' cross-site calls.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from reconciler.sandbox.fault_injection import fault_of
from reconciler.sandbox.http_answers import json_answer
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.request_bodies import read_object
from reconciler.sandbox.runtime import Runtime
from reconciler.sandbox.switches import Switches

Handler = Callable[[Runtime, dict[str, Any]], Any]


def is_control(scope: Scope) -> bool:
    """Whether a request is for the control API."""
    path: str = scope["path"]
    return path == "/sandbox" or path.startswith("/sandbox/")


def control_routes(runtime: Runtime) -> list[Route]:
    """The routes of the control API."""
    table: dict[str, dict[str, Handler]] = {
        "": {"GET": _overview},
        "/reset": {"POST": _reset},
        "/seed": {"POST": _seed},
        "/customers": {"GET": _customers},
        "/edit": {"POST": _edit},
        "/create": {"POST": _create},
        "/delete": {"POST": _delete},
        "/renumber": {"POST": _renumber},
        "/writes": {"GET": _writes},
        "/requests": {"GET": _requests, "DELETE": _forget_requests},
        "/switches": {"GET": _switches, "PUT": _set_switches, "DELETE": _default_switches},
        "/clock": {"GET": _clock, "PUT": _set_clock},
        "/faults": {"GET": _faults, "POST": _add_fault, "DELETE": _clear_faults},
        "/tokens/expire": {"POST": _expire_tokens},
        "/limits/restart": {"POST": _restart_limits},
    }
    return [_route(runtime, f"/sandbox{path}", handlers) for path, handlers in table.items()]


def _route(runtime: Runtime, path: str, handlers: dict[str, Handler]) -> Route:
    async def endpoint(request: Request) -> Response:
        if not _from_here(request):
            return json_answer({"error": "the control API answers to the own machine only"}, 403)
        body = await request.body()
        try:
            values = read_object(body) if body else {}
            return json_answer(handlers["GET" if request.method == "HEAD" else request.method](runtime, values))
        except (ValueError, Refusal) as problem:
            return json_answer({"error": str(problem)}, 400)

    return Route(path, endpoint, methods=list(handlers))


def _from_here(request: Request) -> bool:
    host = request.client.host if request.client else "127.0.0.1"
    here = host in ("::1", "localhost", "testclient") or host.startswith("127.")
    return here and "origin" not in request.headers


def _take(values: dict[str, Any], /, **kinds: type) -> list[Any]:
    """The named members, checked; unknown ones are an error."""
    unknown = set(values) - set(kinds)
    if unknown:
        raise ValueError(f"unknown member {sorted(unknown)[0]!r}; known: {', '.join(kinds)}")
    members = []
    for name, kind in kinds.items():
        value = values.get(name)
        if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
            members.append(value)
        else:
            raise ValueError(f"{name} takes {kind.__name__}, not {value!r}")
    return members


def _required(value: Any, name: str) -> Any:
    if value is None:
        raise ValueError(f"{name} is missing")
    return value


def _overview(runtime: Runtime, _: dict[str, Any]) -> Any:
    default = Switches().as_dict()
    changed = {name: value for name, value in runtime.switches.as_dict().items() if value != default[name]}
    return {
        "customers": runtime.store.count(),
        "now": runtime.clock.now().isoformat(),
        "requests": len(runtime.requests),
        "faults": len(runtime.faults.pending()),
        "switches": changed,
    }


def _reset(runtime: Runtime, values: dict[str, Any]) -> Any:
    (everything,) = _take(values, all=bool)
    runtime.store.reset()
    runtime.requests.clear()
    runtime.jobs.clear()
    if everything:
        runtime.store.switches = Switches()
        runtime.faults.clear()
        runtime.clock.release()
        runtime.limits.restart()
    return _overview(runtime, {})


def _seed(runtime: Runtime, values: dict[str, Any]) -> Any:
    count, seed, odd, start = _take(values, count=int, seed=int, odd=bool, start=int)
    numbers = runtime.store.seed(
        100 if count is None else count, 1 if seed is None else seed, odd=bool(odd), start=start
    )
    return {"added": len(numbers), "customers": runtime.store.count()}


def _customers(runtime: Runtime, _: dict[str, Any]) -> Any:
    return list(runtime.store.customers())


def _edit(runtime: Runtime, values: dict[str, Any]) -> Any:
    number, changes = _take(values, number=str, values=dict)
    runtime.store.edit(_required(number, "number"), _required(changes, "values"))
    return runtime.store.customer(number)


def _create(runtime: Runtime, values: dict[str, Any]) -> Any:
    number, members = _take(values, number=str, values=dict)
    return runtime.store.customer(runtime.store.create(_required(members, "values"), number or ""))


def _delete(runtime: Runtime, values: dict[str, Any]) -> Any:
    (number,) = _take(values, number=str)
    runtime.store.delete(_required(number, "number"))
    return {"customers": runtime.store.count()}


def _renumber(runtime: Runtime, values: dict[str, Any]) -> Any:
    number, new = _take(values, number=str, new=str)
    runtime.store.renumber(_required(number, "number"), _required(new, "new"))
    return runtime.store.customer(new)


def _writes(runtime: Runtime, _: dict[str, Any]) -> Any:
    return runtime.store.write_log()


def _requests(runtime: Runtime, _: dict[str, Any]) -> Any:
    return list(runtime.requests)


def _forget_requests(runtime: Runtime, _: dict[str, Any]) -> Any:
    runtime.requests.clear()
    return []


def _switches(runtime: Runtime, _: dict[str, Any]) -> Any:
    return runtime.switches.as_dict()


def _set_switches(runtime: Runtime, values: dict[str, Any]) -> Any:
    runtime.store.switches = runtime.switches.with_values(values)
    return runtime.switches.as_dict()


def _default_switches(runtime: Runtime, _: dict[str, Any]) -> Any:
    runtime.store.switches = Switches()
    return runtime.switches.as_dict()


def _clock(runtime: Runtime, _: dict[str, Any]) -> Any:
    return {"now": runtime.clock.now().isoformat()}


def _set_clock(runtime: Runtime, values: dict[str, Any]) -> Any:
    """`now` stops the clock at a moment, `advance` moves it by seconds, `release` lets it run again."""
    now, advance, release = _take(values, now=str, advance=int, release=bool)
    if release:
        runtime.clock.release()
    if now is not None:
        runtime.clock.set(datetime.fromisoformat(now))
    if advance is not None:
        runtime.clock.advance(advance)
    return _clock(runtime, {})


def _faults(runtime: Runtime, _: dict[str, Any]) -> Any:
    return runtime.faults.pending()


def _add_fault(runtime: Runtime, values: dict[str, Any]) -> Any:
    """One fault, or several under `faults`; all are checked before any is added."""
    wanted = values["faults"] if isinstance(values.get("faults"), list) else [values]
    for fault in [fault_of(order) for order in wanted]:
        runtime.faults.add(fault)
    return runtime.faults.pending()


def _clear_faults(runtime: Runtime, _: dict[str, Any]) -> Any:
    runtime.faults.clear()
    return []


def _expire_tokens(runtime: Runtime, _: dict[str, Any]) -> Any:
    runtime.tokens.expire_all()
    return {}


def _restart_limits(runtime: Runtime, _: dict[str, Any]) -> Any:
    runtime.limits.restart()
    return {}
