"""Werkzeug's development server: where it listens, and which process of the reloader is the application."""

import os

from apm_tracing._integrations import _listen
from apm_tracing._integrations._patching import wrap
from apm_tracing._runtime import telemetry


def patch(module):
    """:param module: ``werkzeug.serving`` or ``werkzeug._reloader``."""
    wrap(module, "run_with_reloader", _run_with_reloader)
    server = getattr(module, "BaseWSGIServer", None)
    if server is not None:
        wrap(server, "serve_forever", _serve_forever)


def _run_with_reloader(original):
    def run_with_reloader(*args, **kwargs):
        if os.environ.get("WERKZEUG_RUN_MAIN") != "true":
            telemetry.hold()  # the parent only restarts the child, which is the application
        return original(*args, **kwargs)

    return run_with_reloader


def _serve_forever(original):
    def serve_forever(self, *args, **kwargs):
        secure = getattr(self, "ssl_context", None) is not None
        _listen.began([self.server_address], secure)
        return original(self, *args, **kwargs)

    return serve_forever
