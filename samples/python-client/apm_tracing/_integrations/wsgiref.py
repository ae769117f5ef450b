"""The WSGI server of the standard library."""

from apm_tracing._integrations import _listen
from apm_tracing._integrations._patching import wrap
from apm_tracing.contrib.wsgi import TraceMiddleware


def patch(module):
    """:param module: ``wsgiref.simple_server``."""
    wrap(module.WSGIServer, "get_app", _get_app)
    wrap(module.WSGIServer, "serve_forever", _serve_forever)


def _get_app(original):
    def get_app(self):
        app = original(self)
        return TraceMiddleware(app) if app is not None else None

    return get_app


def _serve_forever(original):
    def serve_forever(self, *args, **kwargs):
        _listen.began([self.server_address], False)
        return original(self, *args, **kwargs)

    return serve_forever
