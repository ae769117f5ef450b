"""Reads and writes trace contexts in headers: Datadog first, W3C Trace Context second, and W3C baggage.

``extract`` takes anything with ``get(lower-case name)``; ``inject`` returns a dict of header names to values.
Wrong headers never raise: they count as absent, as the formats demand.
"""

import re
from urllib.parse import quote, unquote

from apm_tracing._context import SpanLink, TraceContext

BAGGAGE_ITEMS_MAX = 64
BAGGAGE_BYTES_MAX = 8192
TRACESTATE_MEMBERS_MAX = 32
TRACESTATE_BYTES_MAX = 512
TRACESTATE_MEMBER_CHARS_MAX = 128
DD_MEMBER_CHARS_MAX = 256

_LOW = 0xFFFFFFFFFFFFFFFF
_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$")
_TID = re.compile(r"^[0-9a-f]{16}$")
_DECISION_MAKER = re.compile(r"^-(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$")
_TAG_KEY = re.compile(r"^[\x21-\x2b\x2d-\x3c\x3e-\x7e]+$")
_TAG_VALUE = re.compile(r"^[\x20-\x2b\x2d-\x7e]+$")
_PRINTABLE = re.compile(r"^[\x20-\x7e]*$")
_INTEGER = re.compile(r"^[+-]?\d{1,9}$")


def extract(headers, tags_chars_max=512):
    """The context that a caller sent, or None when no header holds a valid one.

    A W3C context of another trace becomes a link of the first; of the same trace it adds its tracestate.
    """
    primary = _extract_datadog(headers, tags_chars_max)
    other = _extract_w3c(headers)
    if primary is None:
        primary = other
    elif other is not None:
        _join(primary, other)
    if primary is not None:
        primary.baggage = extract_baggage(headers)
    return primary


def inject(context, tags_chars_max=512):
    """The headers for a call made under ``context``, and an error name (or None) for ``_dd.propagation_error``."""
    headers = {
        "x-datadog-trace-id": str(context.trace_id & _LOW),
        "x-datadog-parent-id": str(context.span_id),
    }
    priority = context.priority
    if priority is not None:
        headers["x-datadog-sampling-priority"] = str(priority)
    if context.origin:
        headers["x-datadog-origin"] = re.sub(r"[^\x20-\x7e]", "_", context.origin)
    tags, error = _datadog_tags(context, tags_chars_max)
    if tags:
        headers["x-datadog-tags"] = tags
    sampled = "01" if priority is not None and priority > 0 else "00"
    headers["traceparent"] = "00-%032x-%016x-%s" % (context.trace_id, context.span_id, sampled)
    headers["tracestate"] = _tracestate(context)
    if context.baggage:
        baggage = _baggage(context.baggage)
        if baggage:
            headers["baggage"] = baggage
    return headers, error


# Datadog


def _extract_datadog(headers, tags_chars_max):
    low = _decimal(headers.get("x-datadog-trace-id"))
    if not low:
        return None
    tags, error = _read_datadog_tags(headers.get("x-datadog-tags"), tags_chars_max)
    high = tags.pop("_dd.p.tid", None)
    context = TraceContext(
        (int(high, 16) << 64 if high else 0) | low,
        _decimal(headers.get("x-datadog-parent-id")) or 0,
        _integer(headers.get("x-datadog-sampling-priority")),
        headers.get("x-datadog-origin") or None,
        tags,
    )
    context.error = error
    return context


def _decimal(text):
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    value = int(text)
    return value if value <= _LOW else None


def _integer(text):
    text = (text or "").strip()
    return int(text) if _INTEGER.match(text) else None


def _read_datadog_tags(text, chars_max):
    if not text or chars_max == 0:
        return {}, None
    if len(text) > chars_max:
        return {}, "extract_max_size"
    tags = {}
    error = None
    for item in text.split(","):
        key, equals, value = item.partition("=")
        key, value = key.strip(" "), value.strip(" ")
        if not equals or not _TAG_KEY.match(key) or not _TAG_VALUE.match(value):
            return {}, "decoding_error"
        if not key.startswith("_dd.p.") or key == "_dd.p.upstream_services":
            continue
        if key == "_dd.p.dm" and not _DECISION_MAKER.match(value):
            error = "decoding_error"
        elif key == "_dd.p.tid" and (not _TID.match(value) or int(value, 16) == 0):
            error = "malformed_tid " + value
        else:
            tags[key] = value
    return tags, error


def _datadog_tags(context, chars_max):
    items = dict(context.tags)
    high = context.trace_id >> 64
    if high:
        items["_dd.p.tid"] = "%016x" % high
    if not items:
        return "", None
    if chars_max == 0:
        return "", "disabled"
    for key, value in items.items():
        if not _TAG_KEY.match(key) or not _TAG_VALUE.match(value):
            return "", "encoding_error"
    text = ",".join("%s=%s" % item for item in items.items())
    return (text, None) if len(text) <= chars_max else ("", "inject_max_size")


# W3C


def _extract_w3c(headers):
    match = _TRACEPARENT.match((headers.get("traceparent") or "").strip())
    if not match:
        return None
    version, trace_hex, span_hex, flags, more = match.groups()
    if version == "ff" or (version == "00" and more):
        return None
    trace_id, span_id = int(trace_hex, 16), int(span_hex, 16)
    if trace_id == 0 or span_id == 0:
        return None
    sampled = int(flags, 16) & 1
    context = TraceContext(trace_id, span_id, sampled)
    dd, context.tracestate = _read_tracestate(headers.get("tracestate"))
    if dd is not None:
        _apply_dd_member(context, dd, sampled)
    return context


def _read_tracestate(text):
    """The content of the dd member (None when absent), and the other members in order."""
    if not text or not _PRINTABLE.match(text):
        return None, ()
    dd = None
    others = []
    bytes_left = TRACESTATE_BYTES_MAX
    for member in (item.strip() for item in text.split(",")):
        if member.startswith("dd="):
            dd = member[3:]
        elif member and len(member) <= TRACESTATE_MEMBER_CHARS_MAX:
            bytes_left -= len(member) + 1
            if bytes_left >= 0:
                others.append(member)
    return dd, tuple(others[: TRACESTATE_MEMBERS_MAX - (dd is not None)])


def _apply_dd_member(context, dd, sampled):
    fields = {}
    for item in dd.split(";"):
        key, colon, value = item.partition(":")
        if not colon:
            return  # malformed: its values are ignored, the other members are passed on
        fields[key.strip()] = value.strip().replace("~", "=")
    priority = fields.get("s")
    if priority is not None and not _INTEGER.match(priority):
        return
    priority = None if priority is None else int(priority)
    context.origin = fields.get("o") or None
    context.last_datadog_parent = fields.get("p") or None
    for key, value in fields.items():
        if key.startswith("t.") and key not in ("t.", "t.tid", "t.upstream_services") and value:
            context.tags["_dd.p." + key[2:]] = value
    maker = context.tags.get("_dd.p.dm")
    if maker is not None and not _DECISION_MAKER.match(maker):
        del context.tags["_dd.p.dm"]
        context.error = "decoding_error"

    if priority is None:
        context.priority = None if context.origin == "rum" else sampled
    elif sampled and priority <= 0:
        context.priority = 1  # the flag was forced to keep by someone between: their decision, not ours
        context.tags["_dd.p.dm"] = "-0"
    elif not sampled and priority > 0:
        context.priority = 0
        context.tags.pop("_dd.p.dm", None)
    else:
        context.priority = priority


def _tracestate(context):
    items = ["p:%016x" % context.span_id]
    if context.priority is not None:
        items.append("s:%d" % context.priority)
    if context.origin:
        items.append("o:" + _member_value(context.origin))
    first = [key for key in ("_dd.p.dm", "_dd.p.usr.id") if key in context.tags]
    rest = [key for key in context.tags if key not in first and key != "_dd.p.tid"]
    length = sum(len(item) + 1 for item in items)
    for key in first + rest:
        item = "t.%s:%s" % (re.sub(r"[^\x21-\x7e]|[,=]", "_", key[len("_dd.p.") :]), _member_value(context.tags[key]))
        length += len(item) + 1
        if length > DD_MEMBER_CHARS_MAX:
            break
        items.append(item)
    members = ["dd=" + ";".join(items)]
    members.extend(context.tracestate[: TRACESTATE_MEMBERS_MAX - 1])
    return ",".join(members)


def _member_value(text):
    return re.sub(r"[^\x20-\x7e]|[,;~]", "_", text).replace("=", "~")


def _join(primary, other):
    known = bool(primary.trace_id >> 64)
    same = primary.trace_id == other.trace_id if known else primary.trace_id == other.trace_id & _LOW
    if not same:
        members = ",".join(other.tracestate)
        attributes = {"reason": "terminated_context", "context_headers": "tracecontext"}
        flags = 1 if (other.priority or 0) > 0 else 0
        primary.links.append(SpanLink(other.trace_id, other.span_id, attributes, members, flags))
        return
    primary.trace_id = other.trace_id  # 128 bits where the first header had 64
    primary.tracestate = other.tracestate
    if other.span_id != primary.span_id:
        primary.last_datadog_parent = other.last_datadog_parent or "%016x" % primary.span_id
        primary.span_id = other.span_id


# Baggage


def extract_baggage(headers):
    """The items of the ``baggage`` header; empty when it is absent or one item of it is wrong."""
    items = {}
    for item in (headers.get("baggage") or "").split(",")[:BAGGAGE_ITEMS_MAX]:
        key, equals, value = item.partition(";")[0].partition("=")
        key, value = unquote(key.strip()), unquote(value.strip())
        if not equals or not key or not value:
            return {}
        items[key] = value
    return items


def _baggage(items):
    parts = []
    length = 0
    for key, value in list(items.items())[:BAGGAGE_ITEMS_MAX]:
        part = quote(key, safe="!#$&'*+.^`|~") + "=" + quote(value, safe="!#$&'()*+./:<>?@[]^`{|}~-")
        length += len(part) + 1
        if length > BAGGAGE_BYTES_MAX:
            break
        parts.append(part)
    return ",".join(parts)
