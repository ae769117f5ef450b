"""gunicorn: the master is no application; each worker says where it listens, and traces what is not Flask."""

from apm_tracing._integrations import _listen
from apm_tracing._integrations._patching import wrap
from apm_tracing._runtime import telemetry
from apm_tracing.contrib.wsgi import TraceMiddleware


def patch(module):
    """:param module: ``gunicorn.arbiter`` or ``gunicorn.workers.base``."""
    if hasattr(module, "Arbiter"):
        telemetry.hold()  # a forked worker begins without this hold
    worker = getattr(module, "Worker", None)
    if worker is not None:
        wrap(worker, "load_wsgi", _load_wsgi)


def _load_wsgi(original):
    def load_wsgi(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        if callable(getattr(self, "wsgi", None)):
            self.wsgi = TraceMiddleware(self.wsgi)  # Flask makes the span its own
        telemetry.release()
        _listen.began(list(_addresses(self)), bool(getattr(self.cfg, "is_ssl", False)))
        return result

    return load_wsgi


def _addresses(worker):
    for listener in getattr(worker, "sockets", ()):
        try:
            yield listener.getsockname()
        except OSError:
            pass
