"""A span, and the part of a trace that this process makes."""

import sys
import traceback

from apm_tracing import _context, _process
from apm_tracing._context import TraceContext

TAG_CHARS_MAX = 25_000  # longer values are cut in the middle
PARTIAL_FLUSH_SPANS = 300  # so many finished spans of an unfinished trace are sent ahead


class Span:
    """One timed piece of work. Use it as a context manager, or call :meth:`finish`.

    A span belongs to the thread or task that works on it; tags may be set until it is finished.
    """

    __slots__ = (
        "tracer", "name", "service", "resource", "span_type", "trace_id", "span_id", "parent_id",
        "start_unix_nanos", "duration_nanos", "error", "meta", "metrics", "links",
        "_segment", "_parent", "_started_nanos", "_note",
    )  # fmt: skip

    def __init__(self, tracer, segment, parent, name, service, resource, span_type, span_id, parent_id, clock):
        self.tracer = tracer
        self.name = name
        self.service = service
        self.resource = resource
        self.span_type = span_type
        self.trace_id = segment.context.trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.start_unix_nanos, self._started_nanos = clock
        self.duration_nanos = None  # until finished
        self.error = 0
        self.meta = {}
        self.metrics = {}
        self.links = None
        self._segment = segment
        self._parent = parent
        self._note = None  # of the integration that made the span

    def set_tag(self, key, value=None):
        """Numbers become metrics, everything else text; None removes the tag."""
        try:
            if value is None:
                self.meta.pop(key, None)
                self.metrics.pop(key, None)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self.set_metric(key, value)
            else:
                if isinstance(value, bool):
                    value = "true" if value else "false"
                elif isinstance(value, bytes):
                    value = value.decode("utf-8", "replace")
                self.meta[str(key)] = cut(str(value))
                self.metrics.pop(key, None)
        except Exception:
            pass  # a value whose __str__ fails is not worth the request
        return self

    set_tag_str = set_tag

    def set_tags(self, tags):
        """Sets every item of a dict as a tag."""
        for key, value in dict(tags).items():
            self.set_tag(key, value)
        return self

    def get_tag(self, key):
        """The text of a tag; None when it is not set."""
        return self.meta.get(key)

    def set_metric(self, key, value):
        """Sets a number; anything that is not one is ignored."""
        try:
            self.metrics[str(key)] = float(value)
            self.meta.pop(key, None)
        except (TypeError, ValueError, OverflowError):
            pass
        return self

    def get_metric(self, key):
        """The number of a metric; None when it is not set."""
        return self.metrics.get(key)

    def set_exc_info(self, exc_type, exc_value, exc_traceback):
        """Marks the span as failed by an exception, with its type, message and stack."""
        if exc_type is None:
            return self
        self.error = 1
        try:
            module = getattr(exc_type, "__module__", None)
            name = getattr(exc_type, "__qualname__", str(exc_type))
            self.meta["error.type"] = name if module in (None, "builtins") else module + "." + name
            self.meta["error.message"] = cut(_text(exc_value))
            lines = traceback.format_exception(exc_type, exc_value, exc_traceback)
            self.meta["error.stack"] = cut("".join(lines))
        except Exception:
            pass  # an exception whose own __str__ fails: the error flag stays
        return self

    def set_traceback(self):
        """Marks the span as failed by the exception that is being handled."""
        return self.set_exc_info(*sys.exc_info())

    def set_error(self, error):
        """Marks the span as failed: by an exception, or by a message."""
        if isinstance(error, BaseException):
            return self.set_exc_info(type(error), error, error.__traceback__)
        self.error = 1
        return self.set_tag("error.message", error)

    @property
    def finished(self):
        """True once the span has ended."""
        return self.duration_nanos is not None

    def finish(self):
        """Ends the span; a second call does nothing."""
        if self.duration_nanos is not None:
            return
        self.duration_nanos = max(0, self.tracer.monotonic_nanos() - self._started_nanos)
        if _context.current() is self:
            above = self._parent
            while above is not None and above.finished:
                above = above._parent
            # Without a local parent nothing stays: threads are reused, and must not inherit a caller.
            _context.set_current(above)
        self._segment.span_finished(self)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, exc_traceback):
        if exc_type is not None and exc_type is not GeneratorExit and not self.error:
            self.set_exc_info(exc_type, exc_value, exc_traceback)
        self.finish()
        return False

    def __repr__(self):
        return "Span(%s, service=%s, resource=%s, trace_id=%032x, span_id=%016x)" % (
            self.name, self.service, self.resource, self.trace_id, self.span_id,
        )  # fmt: skip

    def wire(self):
        """The v0.4 map of this span."""
        span = {
            "service": str(self.service),
            "name": str(self.name),
            "resource": cut(str(self.resource)),
            "trace_id": self.trace_id & 0xFFFFFFFFFFFFFFFF,
            "span_id": self.span_id,
            "parent_id": self.parent_id,
            "start": self.start_unix_nanos,
            "duration": self.duration_nanos or 0,
            "error": self.error,
            "meta": dict(self.meta),
            "metrics": dict(self.metrics),
        }
        if self.span_type:
            span["type"] = str(self.span_type)
        if self.links:
            span["span_links"] = [link.wire() for link in self.links]
        return span


class Segment:
    """The spans that this process makes of one trace, from the first started to the last finished.

    Counts open spans; when none is left, or many are finished, those go to the tracer as one chunk.
    """

    __slots__ = ("tracer", "context", "local_root", "generation", "_open", "_finished", "_decided")

    def __init__(self, tracer, context):
        """:param context: what travels: the priority is decided in it, at the latest when a chunk leaves."""
        self.tracer = tracer
        self.context = context
        self.local_root = None
        self.generation = _process.generation
        self._open = 0
        self._finished = []
        self._decided = False

    @property
    def is_of_this_process(self):
        """False in a forked child for what its parent began: the parent reports that."""
        return self.generation == _process.generation

    def span_started(self, span):
        """Counts an open span; the first one is the local root."""
        with self.tracer.lock:
            self._open += 1
            if self.local_root is None:
                self.local_root = span

    def span_finished(self, span):
        """Takes a finished span and sends a chunk when it is time."""
        if not self.is_of_this_process:
            return
        chunk = None
        with self.tracer.lock:
            self._open -= 1
            self._finished.append(span)
            if self._open <= 0 or len(self._finished) >= PARTIAL_FLUSH_SPANS:
                chunk, self._finished = self._finished, []
        if chunk:
            self.tracer.send_chunk(self, chunk)

    def decide(self):
        """Settles the sampling priority, once; an inherited one stays."""
        with self.tracer.lock:
            if self._decided:
                return
            self._decided = True
        root = self.local_root
        if self.context.priority is None and root is not None:
            self.tracer.sampler.decide(self.context, root)

    def context_for(self, span):
        """The context to send to a callee of ``span``."""
        self.decide()
        mine = self.context
        context = TraceContext(mine.trace_id, span.span_id, mine.priority, mine.origin, mine.tags, mine.tracestate)
        context.baggage = mine.baggage
        return context


def cut(text):
    """Text of at most TAG_CHARS_MAX characters: the middle goes, as a stack says most at both ends."""
    if len(text) <= TAG_CHARS_MAX:
        return text
    half = TAG_CHARS_MAX // 2 - 20
    return "%s\n... %d characters cut ...\n%s" % (text[:half], len(text) - 2 * half, text[-half:])


def _text(value):
    try:
        return str(value)
    except Exception:
        return "<%s without text>" % type(value).__name__
