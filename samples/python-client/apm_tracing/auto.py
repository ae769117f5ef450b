"""Tracing without a line of code: ``install()``, called by the injected start-up or by hand."""

import importlib
import os
import sys

from apm_tracing._hooks import ImportHooks
from apm_tracing._quiet import is_false

# Module to wait for → the integration that patches it.
_INTEGRATIONS = {
    "concurrent.futures.thread": "futures",
    "flask.app": "flask",
    "gunicorn.arbiter": "gunicorn",
    "gunicorn.workers.base": "gunicorn",
    "http.client": "http_client",
    "jinja2.environment": "jinja2",
    "requests.adapters": "requests",
    "sqlite3": "sqlite3",
    "werkzeug._reloader": "werkzeug",
    "werkzeug.serving": "werkzeug",
    "wsgiref.simple_server": "wsgiref",
}
# Where one of these is at work, every request would be traced twice. They were asked for by name; we yield.
_OTHER_TRACERS = ("ddtrace", "opentelemetry.instrumentation.auto_instrumentation")

_installed = False


def install():
    """Patches the supported libraries as they are imported. A second call does nothing."""
    global _installed
    if _installed or is_false(os.environ.get("DD_TRACE_ENABLED")):
        return
    if any(name in sys.modules for name in _OTHER_TRACERS):
        return
    _installed = True
    callbacks = {name: _patch for name in _INTEGRATIONS}
    callbacks.update({name: _yield_to for name in _OTHER_TRACERS})
    ImportHooks(callbacks).install()


def _patch(module):
    from apm_tracing import _runtime

    if _runtime.settings.is_developer_tool():
        _runtime.stop()
        return
    _runtime.telemetry.injected = True
    name = _INTEGRATIONS[module.__name__]
    importlib.import_module("apm_tracing._integrations." + name).patch(module)
    _runtime.telemetry.integration_enabled(name.replace("_", "."))


def _yield_to(module):
    from apm_tracing import _runtime

    _runtime.stop()
