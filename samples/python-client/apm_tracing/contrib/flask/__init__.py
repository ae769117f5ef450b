"""Traces a Flask application, as code written for older tracers does it:

    traced_app = TraceMiddleware(app, tracer, service="my-app", distributed_tracing=True)
"""

import importlib

DEFAULT_SERVICE = "flask"


class TraceMiddleware:
    """Traces the requests of one application, its views and templates.

    Where the launcher traces the process already, this yields to it: no span is doubled, and a service that
    is named here is used.
    """

    def __init__(self, app, tracer=None, service=DEFAULT_SERVICE, use_signals=True, distributed_tracing=True):
        """
        :param app: a ``flask.Flask``.
        :param tracer: default: ``apm_tracing.tracer``.
        :param use_signals: accepted for old code; exceptions are seen without signals.
        :param distributed_tracing: False ignores the trace headers of callers.
        """
        import flask.app

        from apm_tracing._integrations import flask as integration
        from apm_tracing._integrations import werkzeug as server_integration

        if tracer is None:
            from apm_tracing import tracer
        self.app = app
        self.tracer = tracer
        self.service = service
        self.use_signals = use_signals
        integration.patch(flask.app, all_apps=False)
        for name in ("werkzeug.serving", "werkzeug._reloader"):
            server_integration.patch(importlib.import_module(name))
        integration.trace_app(app, tracer, service, service == DEFAULT_SERVICE, distributed_tracing)
