"""Where a span stands: the context that travels between processes, and the current span of this task."""

import contextvars

# Holds a Span, a TraceContext, or None. A context variable: right for threads and for asyncio tasks.
_current = contextvars.ContextVar("apm_tracing_current", default=None)


def current():
    """The active Span or TraceContext of this thread or task; None when there is none."""
    return _current.get()


def set_current(value):
    """Makes a Span or TraceContext (or None) the active one of this thread or task."""
    _current.set(value)


class TraceContext:
    """What one process tells the next about a trace."""

    __slots__ = (
        "trace_id", "span_id", "priority", "origin", "tags", "tracestate", "last_datadog_parent",
        "baggage", "links", "error",
    )  # fmt: skip

    def __init__(self, trace_id, span_id, priority=None, origin=None, tags=None, tracestate=()):
        """
        :param trace_id: 128 bits, never 0.
        :param span_id: 64 bits; 0 when the caller gave none.
        :param priority: -1, 0, 1, 2 or another integer; None when nobody decided yet.
        :param tags: the propagated tags, ``_dd.p.*`` without ``_dd.p.tid``.
        :param tracestate: the members of other vendors, as they came, in order.
        """
        self.trace_id = trace_id
        self.span_id = span_id
        self.priority = priority
        self.origin = origin
        self.tags = {} if tags is None else tags
        self.tracestate = tuple(tracestate)
        self.last_datadog_parent = None  # 16 hex digits for the tag _dd.parent_id
        self.baggage = {}
        self.links = []  # SpanLink to contexts that lost against this one
        self.error = None  # for the tag _dd.propagation_error


class SpanLink:
    """A reference from one span to another context."""

    __slots__ = ("trace_id", "span_id", "attributes", "tracestate", "flags")

    def __init__(self, trace_id, span_id, attributes, tracestate="", flags=None):
        self.trace_id = trace_id
        self.span_id = span_id
        self.attributes = attributes
        self.tracestate = tracestate
        self.flags = flags

    def wire(self):
        """The v0.4 form, a map."""
        link = {
            "trace_id": self.trace_id & 0xFFFFFFFFFFFFFFFF,
            "trace_id_high": self.trace_id >> 64,
            "span_id": self.span_id,
            "attributes": self.attributes,
        }
        if self.tracestate:
            link["tracestate"] = self.tracestate
        if self.flags is not None:
            link["flags"] = self.flags | 0x80000000  # bit 31: flags are present
        return link
