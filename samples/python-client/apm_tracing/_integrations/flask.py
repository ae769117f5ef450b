"""Flask: a ``flask.request`` span per request, a ``flask.view`` span per call of a view, and the routes.

Patches the class, not the application, so that it does not matter when and how that is built. Applications
under the launcher are all traced; with the middleware alone, those that were handed to it.
"""

from apm_tracing import _request
from apm_tracing._integrations._patching import wrap
from apm_tracing._quiet import warn_failed
from apm_tracing._runtime import telemetry
from apm_tracing._runtime import tracer as default_tracer

OPERATION = "flask.request"
_EXTENSION = "apm_tracing"

_all_apps = False


class _AppSettings:
    def __init__(self, tracer, service, distributed_tracing):
        self.tracer = tracer
        self.service = service
        self.distributed_tracing = distributed_tracing


_DEFAULT = _AppSettings(default_tracer, None, True)


def patch(module, all_apps=True):
    """:param module: ``flask.app``."""
    global _all_apps
    _all_apps = _all_apps or all_apps
    flask_class = module.Flask
    wrap(flask_class, "__init__", _init)
    wrap(flask_class, "__call__", _call)
    wrap(flask_class, "wsgi_app", _call)
    wrap(flask_class, "full_dispatch_request", _full_dispatch_request)
    wrap(flask_class, "dispatch_request", _dispatch_request)
    wrap(flask_class, "handle_user_exception", _handle_user_exception)
    wrap(flask_class, "handle_exception", _handle_exception)
    wrap(flask_class, "add_url_rule", _add_url_rule)


def trace_app(app, tracer, service, service_is_default, distributed_tracing):
    """What the middleware asks for."""
    if _all_apps:
        telemetry.note("middleware_yields", "flask")
        if service_is_default:
            service = None  # the launcher's name says more than "flask"
    app.extensions[_EXTENSION] = _AppSettings(tracer, service, distributed_tracing)
    telemetry.app_created(app)


def _settings_of(app):
    """How to trace an application; None when it is not to be traced."""
    settings = app.extensions.get(_EXTENSION) if hasattr(app, "extensions") else None
    if settings is None and _all_apps:
        settings = _DEFAULT
    return settings if settings is not None and settings.tracer.enabled else None


def _init(original):
    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        if _all_apps and default_tracer.enabled:
            telemetry.app_created(self)

    return __init__


def _call(original):
    def call(self, environ, start_response):
        settings = _settings_of(self)
        if settings is None:
            return original(self, environ, start_response)
        request = _request.active(environ)
        if request is not None:
            if request.span.name != OPERATION:
                request.use_framework(OPERATION, "flask", settings.service)
            return original(self, environ, start_response)
        return _request.run(
            lambda env, start: original(self, env, start),
            environ, start_response, settings.tracer, OPERATION, "flask",
            settings.service, settings.distributed_tracing,
        )  # fmt: skip

    return call


def _current_request():
    from flask import request

    return request, _request.active(request.environ)


def _full_dispatch_request(original):
    def full_dispatch_request(self, *args, **kwargs):
        if _settings_of(self) is not None:
            try:
                _describe(self)
            except Exception as error:
                warn_failed("reading the route of a request", error)
        return original(self, *args, **kwargs)

    return full_dispatch_request


def _describe(app):
    flask_request, request = _current_request()
    rule = flask_request.url_rule
    if request is None or rule is None:
        return
    request.set_route(rule.rule)
    meta = request.span.meta
    meta["flask.url_rule"] = rule.rule
    meta["flask.endpoint"] = rule.endpoint
    view = app.view_functions.get(rule.endpoint)
    if view is not None:
        meta["flask.view"] = _name_of(view)


def _dispatch_request(original):
    def dispatch_request(self, *args, **kwargs):
        span = _start_view_span(self) if _settings_of(self) is not None else None
        if span is None:
            return original(self, *args, **kwargs)
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            code = getattr(error, "code", None)  # abort(404) is an answer, not a failure
            if not isinstance(code, int) or code >= 500:
                span.set_error(error)
            raise
        finally:
            span.finish()

    return dispatch_request


def _start_view_span(app):
    try:
        flask_request, request = _current_request()
        rule = flask_request.url_rule
        if request is None or rule is None or flask_request.routing_exception is not None:
            return None
        view = app.view_functions.get(rule.endpoint)
        if view is None or rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            return None
        span = request.span.tracer.start_span("flask.view", resource=_name_of(view))
        span.meta["component"] = "flask"
        return span
    except Exception as error:
        warn_failed("beginning a view span", error)
        return None


def _name_of(view):
    # A class based view is a function called "view" or after its as_view name, with the class beside it.
    view_class = getattr(view, "view_class", None)
    target = view_class if view_class is not None else view
    return getattr(target, "__qualname__", None) or getattr(target, "__name__", None) or type(view).__name__


def _handle_user_exception(original):
    # Called for every exception of a view; afterwards it may have become any response.
    def handle_user_exception(self, *args, **kwargs):
        _tell(self, args, kwargs, lambda request, error: request.remember(error))
        return original(self, *args, **kwargs)

    return handle_user_exception


def _handle_exception(original):
    # Called only for those that no handler of the application took.
    def handle_exception(self, *args, **kwargs):
        _tell(self, args, kwargs, lambda request, error: request.fail(error))
        return original(self, *args, **kwargs)

    return handle_exception


def _tell(app, args, kwargs, what):
    if _settings_of(app) is None:
        return
    try:
        error = kwargs.get("e", args[-1] if args else None)  # newer versions of Flask pass the context first
        request = _current_request()[1]
        if request is not None and isinstance(error, BaseException):
            what(request, error)
    except Exception as failure:
        warn_failed("noting an exception", failure)


def _add_url_rule(original):
    def add_url_rule(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        telemetry.routes_changed()
        return result

    return add_url_rule
