"""Which proxies the environment names for the addresses that are sent to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.core.errors import Unreachable


def proxies_of(urls: Iterable[str]) -> Iterator[tuple[str, httpx.Proxy]]:
    """The origins of the URLs that have a proxy, as httpx mounts them, each with its proxy. Raises Unreachable.

    This machine has none, whatever the environment says: plain http is taken for it, and a proxy would see the secret
    and the token in clear. NO_PROXY excepts others.
    """
    proxies = getproxies()
    for text in urls:
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, TypeError):
            continue  # whoever sends there says that it is no address
        address, host = proxies.get(url.scheme) or proxies.get("all"), url.netloc.decode("ascii")
        if address and url.host and not _is_this_machine(url.host) and not proxy_bypass(host):
            yield f"{url.scheme}://{host}", _proxy(address)


def _is_this_machine(host: str) -> bool:
    """Whether the host is a loopback address: localhost, ::1, or one such as 127.0.0.2."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy(address: str) -> httpx.Proxy:
    """Raises outside of the `except`, so that no chain leads to the proxy's password."""
    problem = "SOCKS proxies are not supported"
    if not address.startswith("socks"):
        try:
            return httpx.Proxy(address if "://" in address else f"http://{address}")
        except (ValueError, httpx.InvalidURL):
            problem = "The address of the proxy is unusable"
    raise Unreachable(
        problem, remedy="Name an http:// proxy in HTTPS_PROXY or ALL_PROXY, or except the ERP's hosts with NO_PROXY."
    )
