"""The embedded ERP: a real HTTP server that behaves like the customer API, over one SQLite file.

Seeding and editing need SQLite only; the web libraries are imported when a server starts. Nothing here is
shared with the client, so that a common mistake cannot hide itself.
"""

from __future__ import annotations

from reconciler.sandbox.company_store import CompanyStore, open_store
from reconciler.sandbox.fault_injection import KINDS as FAULT_KINDS
from reconciler.sandbox.fault_injection import Fault
from reconciler.sandbox.server import Sandbox, serve
from reconciler.sandbox.server_options import Endpoint, Options
from reconciler.sandbox.switches import Switches, switch_table

__all__ = [
    "FAULT_KINDS",
    "CompanyStore",
    "Endpoint",
    "Fault",
    "Options",
    "Sandbox",
    "Switches",
    "open_store",
    "serve",
    "switch_table",
]
