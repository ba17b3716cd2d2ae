"""Companies that are one in the ERP: two of them would plan and write against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config.fleet import Company, FleetFile
from reconciler.config.read.files import read_bytes
from reconciler.config.read.messages import quoted
from reconciler.config.settings import FILE_NAME, SANDBOX, check_settings
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.errors import InvalidInput


def check_tenants(fleet: FleetFile, environment: str | None, environ: Mapping[str, str]) -> None:
    """Raise InvalidInput where two companies of the file have one tenant of one ERP. environment: instead of each
    company's own. A company whose tenant is not known here is passed over."""
    if problems := tuple(_alike(fleet, environment, environ)):
        raise InvalidInput(problems)


def _alike(fleet: FleetFile, environment: str | None, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Company] = {}
    for company in fleet.companies:
        chosen = environment or company.environment
        file = fleet.root / company.folder / FILE_NAME
        settings, _ = check_settings(file, environment=chosen, environ=environ, shared=fleet.shared)
        if settings is None or settings.environment == SANDBOX or not settings.api.tenant_id:
            continue
        tenant = settings.api.tenant_id
        first = seen.setdefault((settings.api.base_url.casefold(), tenant.casefold()), company)
        if first is not company:
            source, other = (_line(fleet, one, tenant.casefold()) for one in (company, first))
            yield Diagnostic(
                Severity.ERROR,
                "S133",
                f"{quoted(company.name)} and {quoted(first.name)} ({other}) have one tenant",
                remedy="Give each company its own api.tenant_id, or take one of the two out of fleet.yaml.",
                source=source,
            )


def _line(fleet: FleetFile, company: Company, tenant: str) -> Source:
    """Where the company's settings say the tenant; their first line where a variable says it."""
    name = f"{company.folder}/{FILE_NAME}"
    data, _ = read_bytes(fleet.root / name, name, 2**20)
    lines = data.decode("utf-8", "replace").splitlines()
    at = next((number for number, line in enumerate(lines, 1) if "tenant_id" in line and tenant in line.casefold()), 1)
    return Source(name, at, 1)
