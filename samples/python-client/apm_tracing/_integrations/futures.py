"""Thread pools: work that is submitted under a span continues under it."""

from apm_tracing import _context
from apm_tracing._integrations._patching import wrap
from apm_tracing._runtime import tracer


def patch(module):
    """:param module: ``concurrent.futures.thread``."""
    wrap(module.ThreadPoolExecutor, "submit", _submit)


def _submit(original):
    def submit(self, fn, *args, **kwargs):
        span = tracer.current_span() if tracer.enabled else None
        if span is None:
            return original(self, fn, *args, **kwargs)
        return original(self, _under, span, fn, *args, **kwargs)

    return submit


def _under(span, fn, *args, **kwargs):
    before = _context.current()
    _context.set_current(span)
    try:
        return fn(*args, **kwargs)
    finally:
        _context.set_current(before)  # the thread goes back into the pool
