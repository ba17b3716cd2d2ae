"""The live side: Visma.net ERP's customer API.

`customers` is the gateway (`open_customers`, which fulfils `core.ports.Erp`), `encode` the codec for plans
(`WireCodec`, which fulfils `core.ports.Wire`). Below them: `listing` reads the list whole, `decode` turns rows into
customers, `transport` speaks HTTP and alone knows httpx, `auth` keeps the token, `faults` explains refusals, `budget`
reads the rate limit, `paths` writes customer numbers into addresses. Only `transport`, `listing` and `customers` do
anything; the others are pure.
"""

import sys

# httpx loads its own command line, with rich and pygments, where these are installed: half of its start-up, and unused.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # an import of it fails, as httpx expects
