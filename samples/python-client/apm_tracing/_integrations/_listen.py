"""Turns the addresses a server is bound to into URLs that a person can open."""

from apm_tracing._quiet import warn_failed
from apm_tracing._runtime import telemetry

_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}


def began(addresses, secure):
    """A server begins to serve at these (host, port); others than TCP addresses are left out."""
    try:
        urls = [url(address, secure) for address in addresses]
        telemetry.server_started([u for u in urls if u])
    except Exception as error:
        warn_failed("reading the address of the server", error)


def url(address, secure=False):
    """``("0.0.0.0", 5050)`` → ``http://127.0.0.1:5050``; empty for a unix socket."""
    if not isinstance(address, tuple) or len(address) < 2 or str(address[0]).startswith("unix:"):
        return ""
    host = str(address[0])
    host = _ANY.get(host, "[%s]" % host if ":" in host else host)
    return "%s://%s:%d" % ("https" if secure else "http", host, int(address[1]))
