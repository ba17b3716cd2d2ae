"""Where a shared state is: a PostgreSQL database, as the settings or RECONCILER_STATE name it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEMES = ("postgresql", "postgres")
DEFAULT_SCHEMA = "reconciler"
_SECRET_PARAMETERS = frozenset({"password", "sslpassword"})


@dataclass(frozen=True, slots=True)
class SharedState:
    """A schema of a PostgreSQL database.

    url: as libpq takes it; it may hold a password, which neither `str` nor `repr` shows. `environment` and the rest of
    the place that a state is for are not part of it: one schema holds many companies.
    """

    url: str = field(repr=False)
    schema: str = DEFAULT_SCHEMA

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        hosts = self.hosts[0] if len(self.hosts) == 1 else ",".join(self.hosts)
        port = f":{port}" if (port := _port(parts)) else ""
        return f"postgresql://{hosts}{port}{parts.path}, schema {self.schema}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts, or the folders of Unix sockets; empty where libpq's own settings name them."""
        parts = urlsplit(self.url)
        named = self.parameters.get("hostaddr") or self.parameters.get("host")
        if named is None:
            named = ",".join(_host(entry) for entry in parts.netloc.rpartition("@")[2].split(","))
        return tuple(host for host in unquote(named).split(",") if host)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters behind the question mark."""
        return dict(parse_qsl(urlsplit(self.url).query))

    @property
    def is_local(self) -> bool:
        """Whether the way to it does not leave this machine: loopback, or a Unix socket."""
        return are_local(",".join(self.hosts))


def is_shared(text: str) -> bool:
    """Whether a setting means a database rather than a file; `url_problem` tells whether it is one that can be used."""
    return "://" in text


def url_problem(url: str) -> str | None:
    """What is wrong with the address; never shows it, since it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.path
    except ValueError:
        return "is no address"
    if parts.scheme not in SCHEMES:
        return "names a database that is not PostgreSQL"
    if not url.isprintable() or " " in url:
        return "holds blanks or characters that cannot be seen"
    if len(parts.path) < 2 or "/" in parts.path[1:]:
        return "names no database"
    if any(not port.isdigit() or not 0 < int(port) < 65536 for port in _ports(parts) if port):
        return "has a port that is no number from 1 to 65535"
    if parts.fragment:
        return "holds a fragment"
    return None


def has_password(url: str) -> bool:
    """Whether the address holds a password."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return ":" in user or any(name in _SECRET_PARAMETERS for name, _ in parse_qsl(parts.query, keep_blank_values=True))


def _host(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0]


def _port(parts: SplitResult) -> str:
    ports = _ports(parts)
    return ports[0] if len(ports) == 1 else ""


def _ports(parts: SplitResult) -> list[str]:
    """The port of each host; nothing where none is given."""
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return [host.rpartition("]")[2].partition(":")[2] for host in hosts]


def are_local(hosts: str) -> bool:
    """Whether all hosts, parted by commas, are this machine; also where there are none."""
    return all(_is_local(host) for host in hosts.split(",") if host)


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
