"""The tracer: starts spans, keeps the current one, hands finished chunks to the writer."""

import _thread
import functools
import inspect
import os
import random
import time

from apm_tracing import _context, _process, _propagation
from apm_tracing._context import TraceContext
from apm_tracing._sampler import PrioritySampler
from apm_tracing._span import Segment, Span

_INHERIT = object()


class Tracer:
    """Safe for threads, asyncio tasks and forks. No method raises for a reason of its own."""

    def __init__(self, settings, writer, unix_nanos=time.time_ns, monotonic_nanos=time.perf_counter_ns, chance=None):
        """
        :param writer: gets ``put(list of Span)`` for each chunk.
        :param chance: a ``random.Random`` for ids; by default one of our own, so that an application's
            ``random.seed`` makes no ids repeat, and no id changes the application's numbers.
        """
        self.settings = settings
        self.writer = writer
        self.sampler = PrioritySampler()
        self.enabled = settings.trace_enabled
        self.monotonic_nanos = monotonic_nanos
        self.on_first_span = None
        self._unix_nanos = unix_nanos
        self._chance = chance or random.Random(os.urandom(16))
        self._seeded = chance is not None
        self._base_tags = None
        self.lock = _thread.RLock()
        _process.after_fork_in_child(self._after_fork)

    def trace(self, name, service=None, resource=None, span_type=None):
        """Starts a span under the current one and makes it current; use it with ``with``.

        :param service: default: the parent's, else the process's. :param resource: default: the name.
        """
        return self.start_span(name, service, resource, span_type)

    def start_span(self, name, service=None, resource=None, span_type=None, parent=_INHERIT, activate=True):
        """As :meth:`trace`, but ``parent`` may be a Span, a TraceContext, or None for a new trace."""
        if parent is _INHERIT:
            parent = _context.current()
        if isinstance(parent, Span) and not parent._segment.is_of_this_process:
            parent = parent._segment.context_for(parent)  # began before a fork: to us another process
        if isinstance(parent, Span):
            segment, above, parent_id = parent._segment, parent, parent.span_id
        else:
            context = parent if parent is not None else TraceContext(self._new_trace_id(), 0)
            segment, above, parent_id = Segment(self, context), None, context.span_id
        span = Span(
            self, segment, above, name,
            service or (above.service if above is not None else self.settings.service),
            resource or name, span_type, self._new_id(), parent_id,
            (self._unix_nanos(), self.monotonic_nanos()),
        )  # fmt: skip
        span.meta.update(self._tags())
        segment.span_started(span)
        if above is None:
            self._mark_local_root(span, segment.context)
        if activate:
            _context.set_current(span)
        started, self.on_first_span = self.on_first_span, None
        if started is not None and self.enabled:
            started()
        return span

    def current_span(self):
        """The span that is active in this thread or task; None outside of any."""
        current = _context.current()
        return current if isinstance(current, Span) and not current.finished else None

    def current_root_span(self):
        """The first span of the current trace in this process; None outside of any."""
        span = self.current_span()
        return span._segment.local_root if span is not None else None

    def wrap(self, name=None, service=None, resource=None, span_type=None):
        """A decorator that traces each call of a function, coroutine function or generator function.

        Without a name the span is called after the function.
        """
        if callable(name):
            return self.wrap()(name)

        def decorate(function):
            span_name = name or "%s.%s" % (function.__module__, function.__qualname__)
            arguments = (span_name, service, resource, span_type)
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def traced(*args, **kwargs):
                    with self.trace(*arguments):
                        return await function(*args, **kwargs)

            elif inspect.isgeneratorfunction(function):

                @functools.wraps(function)
                def traced(*args, **kwargs):
                    # Not made current: between two items the caller's code runs.
                    with self.start_span(*arguments, activate=False):
                        return (yield from function(*args, **kwargs))

            else:

                @functools.wraps(function)
                def traced(*args, **kwargs):
                    with self.trace(*arguments):
                        return function(*args, **kwargs)

            return traced

        return decorate

    def extract(self, headers):
        """The caller's TraceContext from a mapping of lower-case header names; None when there is none."""
        return _propagation.extract(headers, self.settings.tags_header_chars_max)

    def inject(self, span=None):
        """The headers to send so that the callee continues under ``span`` (default: the current one)."""
        span = span or self.current_span()
        if span is None:
            return {}
        context = span._segment.context_for(span)
        headers, error = _propagation.inject(context, self.settings.tags_header_chars_max)
        if error:
            span._segment.local_root.meta["_dd.propagation_error"] = error
        return headers

    def send_chunk(self, segment, spans):
        """Completes finished spans of one trace and gives them to the writer. Called by Segment."""
        if not self.enabled:
            return
        try:
            self._complete(segment, spans)
            self.writer.put(spans)
        except Exception:
            self.writer.count_lost(spans)

    def flush(self, timeout_seconds=1.0):
        """Sends what is finished; waits at most so long. True when nothing is left unsent."""
        return self.writer.flush(timeout_seconds)

    def _complete(self, segment, spans):
        segment.decide()
        root = segment.local_root
        if root in spans and spans[0] is not root:
            spans.remove(root)
            spans.insert(0, root)
        first, context = spans[0], segment.context
        first.meta.update(context.tags)
        high = context.trace_id >> 64
        if high:
            first.meta["_dd.p.tid"] = "%016x" % high
        if context.origin:
            first.meta["_dd.origin"] = context.origin
        if context.priority is not None:
            first.metrics["_sampling_priority_v1"] = context.priority
        first.meta["runtime-id"] = _process.runtime_id
        first.metrics["process_id"] = os.getpid()
        settings = self.settings
        for span in spans:
            if span._parent is None or span._parent.service != span.service:
                span.metrics["_dd.top_level"] = 1
            if span.service != settings.service:
                span.meta.setdefault("_dd.base_service", settings.service)
            elif settings.version:
                span.meta.setdefault("version", settings.version)

    def _mark_local_root(self, span, context):
        if context.last_datadog_parent:
            span.meta["_dd.parent_id"] = context.last_datadog_parent
        if context.error:
            span.meta["_dd.propagation_error"] = context.error
        if context.links:
            span.links = list(context.links)
        for key in ("user.id", "session.id", "account.id"):
            if key in context.baggage:
                span.meta["baggage." + key] = context.baggage[key]

    def _tags(self):
        if self._base_tags is None:
            tags = dict(self.settings.tags)
            if self.settings.env:
                tags["env"] = self.settings.env
            tags["language"] = "python"
            self._base_tags = tags
        return self._base_tags

    def _new_id(self):
        return self._chance.getrandbits(64) or 1

    def _new_trace_id(self):
        return (self._unix_nanos() // 1_000_000_000 & 0xFFFFFFFF) << 96 | self._new_id()

    def _after_fork(self):
        self.lock = _thread.RLock()
        if not self._seeded:
            self._chance = random.Random(os.urandom(16))
