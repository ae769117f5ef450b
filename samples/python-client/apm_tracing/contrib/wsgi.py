"""Traces any WSGI application:

    application = TraceMiddleware(application, service="shop")
"""

from apm_tracing import _request


class TraceMiddleware:
    """One ``wsgi.request`` span per request. Yields to the launcher: a request is never traced twice."""

    def __init__(self, app, tracer=None, service=None, distributed_tracing=True):
        """
        :param tracer: default: ``apm_tracing.tracer``.
        :param service: default: the service of the process.
        :param distributed_tracing: False ignores the trace headers of callers.
        """
        if tracer is None:
            from apm_tracing import tracer
        self.app = app
        self.tracer = tracer
        self.service = service
        self.distributed_tracing = distributed_tracing

    def __call__(self, environ, start_response):
        return _request.run(
            self.app, environ, start_response, self.tracer, "wsgi.request", "wsgi", self.service, self.distributed_tracing
        )
