"""The embedded ERP: a real HTTP server that behaves like the customer API, over one SQLite file.

Seeding and editing need SQLite only; the web libraries are imported when a server starts. Nothing here is
shared with the client, so that a common mistake cannot hide itself.
"""

from __future__ import annotations

from reconciler.sandbox.faults import KINDS as FAULT_KINDS
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.options import Address, Options
from reconciler.sandbox.server import Sandbox, serve
from reconciler.sandbox.store import Store, open_store
from reconciler.sandbox.switches import Switches, switch_table

__all__ = [
    "FAULT_KINDS",
    "Address",
    "Fault",
    "Options",
    "Sandbox",
    "Store",
    "Switches",
    "open_store",
    "serve",
    "switch_table",
]
