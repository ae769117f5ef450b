"""Traces Python applications to a Datadog-compatible trace agent.

    from apm_tracing import tracer

    with tracer.trace("orders.load", resource="by customer") as span:
        span.set_tag("customer", "42")

Nothing here raises into the application: when the agent is down, slow or wrong, spans are dropped
and counted.
"""

from apm_tracing._version import VERSION as __version__

__all__ = ["tracer", "__version__"]


def __getattr__(name):
    # Built on first use: the injected start-up must cost a program that never makes a span nothing.
    if name == "tracer":
        from apm_tracing._runtime import tracer

        globals()["tracer"] = tracer
        return tracer
    raise AttributeError("module 'apm_tracing' has no attribute %r" % name)
