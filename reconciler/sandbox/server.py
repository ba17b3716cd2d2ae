# ruff: noqa: PLC0415  # the web libraries are imported when a server starts, not before
"""Serving a sandbox: in a thread of its own, or in the foreground."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.sandbox.clock import Clock, utc_now
from reconciler.sandbox.company_store import CompanyStore, open_store
from reconciler.sandbox.server_options import Endpoint, Options, endpoint_of
from reconciler.sandbox.switches import Switches

if TYPE_CHECKING:
    import uvicorn

    from reconciler.sandbox.fault_injection import Fault
    from reconciler.sandbox.runtime import Runtime

_PATIENCE: Final = 15.0


class Sandbox:
    """An ERP on a loopback port for the length of a `with` block.

    `db_path` keeps the company between runs. Raises ValueError for a file that is no sandbox database and for
    a host that is not this machine, OSError when the port is taken, RuntimeError when it does not start.
    """

    def __init__(
        self,
        db_path: str | Path,
        *,
        switches: Switches | None = None,
        options: Options | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._options = options or Options()
        check_host(host, self._options)
        self.store: CompanyStore = open_store(db_path, switches=switches, clock=_clock(self._options))
        self._listen = (host, port)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._runtime: Runtime | None = None
        self._address: Endpoint | None = None

    def __enter__(self) -> Sandbox:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> Endpoint:
        """Where it answers. Raises RuntimeError before the start."""
        if self._address is None:
            raise RuntimeError("the sandbox is not running")
        return self._address

    @property
    def base_url(self) -> str:
        """Such as http://127.0.0.1:40123."""
        return self.address.base_url

    @property
    def token_url(self) -> str:
        """The token endpoint."""
        return self.address.token_url

    @property
    def client_id(self) -> str:
        """Accepted by the token endpoint."""
        return self._options.client_id

    @property
    def client_secret(self) -> str:
        """Accepted by the token endpoint; opens the sandbox only."""
        return self._options.client_secret

    @property
    def tenant_id(self) -> str:
        """The company."""
        return self._options.tenant_id

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.store.switches

    def switch(self, **values: object) -> None:
        """Change switches while running. Raises ValueError."""
        self.store.switches = self.store.switches.with_values(values)

    def fault(self, **values: Any) -> Fault:
        """Queue a fault, with the fields of `faults.Fault`. Raises ValueError."""
        from reconciler.sandbox.fault_injection import fault_of

        fault = fault_of(values)
        self.runtime.faults.add(fault)
        return fault

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests so far: time, method, target, status (0: no answer), fault."""
        return list(self.runtime.requests)

    @property
    def runtime(self) -> Runtime:
        """The parts in memory. Raises RuntimeError before the start."""
        if self._runtime is None:
            raise RuntimeError("the sandbox is not running")
        return self._runtime

    def stop(self) -> None:
        """End the server and close the file; a second call does nothing."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(3)
            self._server.force_exit = True
            self._thread.join(_PATIENCE)
        self._server = self._thread = None
        self.store.close()

    def _start(self) -> None:
        from reconciler.sandbox.runtime import runtime_of

        self._runtime = runtime_of(self.store, self._options)
        listener = _listener(*self._listen)
        self._address = endpoint_of(_base_url(listener), self._options)
        self._server = _server(self._runtime)
        run = self._server.run
        self._thread = threading.Thread(target=run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        self._wait(self._server, self._thread)

    def _wait(self, server: uvicorn.Server, thread: threading.Thread) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)


def serve(  # the order that a command line has
    db_path: str | Path,
    host: str = "127.0.0.1",
    port: int = 0,
    switches: Switches | None = None,
    options: Options | None = None,
    ready: Callable[[Endpoint], None] | None = None,
) -> None:
    """Serve in the foreground until interrupted; `ready` is called once with the address."""
    chosen = options or Options()
    check_host(host, chosen)
    with open_store(db_path, switches=switches, clock=_clock(chosen)) as store:
        from reconciler.sandbox.runtime import runtime_of

        listener = _listener(host, port)
        server = _server(runtime_of(store, chosen))
        if ready is not None:
            _call_when_started(server, ready, endpoint_of(_base_url(listener), chosen))
        server.run([listener])


def _call_when_started(server: uvicorn.Server, ready: Callable[[Endpoint], None], address: Endpoint) -> None:
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        if server.started:
            ready(address)

    server.startup = announced  # type: ignore[method-assign]  # uvicorn has no hook for it


def check_host(host: str, options: Options) -> None:
    """Raises ValueError for a host that others can reach, unless the options allow it."""
    if options.allow_remote or host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise ValueError(f"the sandbox binds to loopback only; {host!r} needs allow_remote")


def _clock(options: Options) -> Clock:
    return Clock(options.clock or utc_now)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=256)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it; asyncio does not set it
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(runtime: Runtime) -> uvicorn.Server:
    import uvicorn

    from reconciler.sandbox.app import make_app

    config = uvicorn.Config(
        make_app(runtime),
        log_config=None,
        log_level="critical",  # a connection that a fault resets is no news
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        loop="asyncio",
        http="h11",
        ws="none",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config)
