"""Keeps values that may be secret out of URLs."""

import re

_VALUE = re.compile(r"=[^&;]*")
_DIGITS_SEGMENT = re.compile(r"(?<=/)[^/]*\d[^/]*")

REDACTED = "<redacted>"


def query(text):
    """``a=1&b`` → ``a=<redacted>&b``: names stay, values go. A query without names is one value."""
    if not text:
        return ""
    if "=" not in text:
        return REDACTED
    return _VALUE.sub("=" + REDACTED, text)


def url(text):
    """A URL without user, password and fragment, and with its query values redacted."""
    text = text.partition("#")[0]
    base, mark, query_text = text.partition("?")
    scheme, sep, rest = base.partition("://")
    if sep:
        host, slash, path = rest.partition("/")
        base = scheme + sep + host.rpartition("@")[2] + slash + path
    return base + (mark + query(query_text) if mark else "")


def path_shape(path):
    """``/user/123/x`` → ``/user/?/x``: one resource for all values of an id in a path without a known route."""
    path = path.partition("?")[0] or "/"
    return _DIGITS_SEGMENT.sub("?", path)
