"""The server span of one WSGI request. Shared by the middlewares and by the integrations."""

from apm_tracing import _context, _redact
from apm_tracing._quiet import warn_failed

ENVIRON_KEY = "apm_tracing.request"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


def run(app, environ, start_response, tracer, operation, component, service=None, distributed_tracing=True):
    """Calls a WSGI application under a server span; under the one that is there already, if there is one."""
    if not tracer.enabled or active(environ) is not None:
        return app(environ, start_response)
    try:
        request = Request(tracer, environ, operation, component, service, distributed_tracing)
    except Exception as error:
        warn_failed("beginning a request span", error)
        return app(environ, start_response)
    try:
        result = app(environ, request.responder(start_response))
    except BaseException as error:
        request.fail(error)
        request.finish()
        raise
    return request.result(result)


def active(environ):
    """The Request that is being traced under this environ; None when there is none or it has ended."""
    request = environ.get(ENVIRON_KEY)
    return request if request is not None and not request.span.finished else None


class Request:
    """The span and what is known of its request. Found in the WSGI environ under ENVIRON_KEY."""

    def __init__(self, tracer, environ, operation, component, service, distributed_tracing):
        self._before = _context.current()
        self._inside = None
        self.method = _method(environ)
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self._path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        self._status = None
        self._route = None
        self._handled_error = None
        parent = tracer.extract(_Headers(environ)) if distributed_tracing else None
        if parent is None:
            parent = tracer.current_span()  # a test client inside a traced block
        self.span = tracer.start_span(operation, service, None, "web", parent)
        environ[ENVIRON_KEY] = self
        meta = self.span.meta
        meta["span.kind"] = "server"
        meta["component"] = component
        meta["http.method"] = self.method
        meta["http.url"] = self._url(environ)
        if environ.get("HTTP_USER_AGENT"):
            self.span.set_tag("http.useragent", environ["HTTP_USER_AGENT"])

    def use_framework(self, operation, component, service=None):
        """A framework took over what a plain WSGI server began."""
        if self.span.resource == self.span.name:
            self.span.resource = operation
        self.span.name = operation
        self.span.meta["component"] = component
        if service:
            self.span.service = service

    def set_route(self, route):
        """The route pattern that matched; with it the resource is the same for all values."""
        self._route = route
        self.span.meta["http.route"] = route

    def remember(self, error):
        """An exception that the application turned into a response; it counts if that is a 5xx."""
        self._handled_error = error

    def fail(self, error):
        """An exception that nobody handled."""
        if not isinstance(error, (GeneratorExit, SystemExit)):
            self.span.set_error(error)

    def responder(self, start_response):
        """A ``start_response`` that notes the status."""

        def noting(status, *args, **kwargs):
            self._status = status
            return start_response(status, *args, **kwargs)

        return noting

    def result(self, result):
        """What to return to the server. The span ends when the body was sent."""
        if type(result) in (list, tuple) or type(result).__name__ == "FileWrapper":
            # Nothing runs later, and servers send these faster when they can see what they are.
            self.finish()
            return result
        self.suspend()
        return _Body(result, self)

    def activate(self):
        """Makes current, while a piece of a streaming body is produced, what was so at its last piece."""
        _context.set_current(self._inside or self.span)

    def suspend(self):
        """Gives the thread back as it was."""
        self._inside = _context.current()
        _context.set_current(self._before)

    def finish(self):
        """Completes and ends the span; a second call does nothing."""
        span = self.span
        if span.finished:
            return
        try:
            self._complete(span)
        except Exception as error:
            warn_failed("completing a request span", error)
        span.finish()
        _context.set_current(self._before)

    def _complete(self, span):
        code = str(self._status or "").split(" ", 1)[0]
        if not code and span.error:
            code = "500"  # what the server will answer for an exception
        if code:
            span.meta["http.status_code"] = code
        if code.startswith("5"):
            span.error = 1
            if self._handled_error is not None and "error.type" not in span.meta:
                span.set_error(self._handled_error)
        if self._route is not None:
            resource = self._route
        else:
            # No route: the path of a 404 could be anything, so it must not become an endpoint of its own.
            resource = "404" if code == "404" else _redact.path_shape(self._path)
        if span.resource == span.name or span.resource is None:
            span.resource = self.method + " " + resource

    def _url(self, environ):
        host = environ.get("HTTP_HOST")
        if not host:
            host = "%s:%s" % (environ.get("SERVER_NAME", "localhost"), environ.get("SERVER_PORT", "80"))
        query = environ.get("QUERY_STRING", "")
        return "%s://%s%s%s" % (
            environ.get("wsgi.url_scheme", "http"), host, self._path, "?" + _redact.query(query) if query else "",
        )  # fmt: skip


class _Body:
    """An iterator over the response that ends the span when the server closes it."""

    def __init__(self, result, request):
        self._result = result
        self._iterator = None
        self._request = request

    def __iter__(self):
        return self

    def __next__(self):
        self._request.activate()
        try:
            if self._iterator is None:
                self._iterator = iter(self._result)
            return next(self._iterator)
        except StopIteration:
            raise
        except BaseException as error:
            self._request.fail(error)
            raise
        finally:
            self._request.suspend()

    def close(self):
        request, self._request = self._request, None
        if request is None:
            return
        request.activate()
        try:
            close = getattr(self._result, "close", None)
            if close is not None:
                close()
        finally:
            request.suspend()
            request.finish()

    def __del__(self):
        # A server that never closes breaks the WSGI rules, but the span should not be lost to that.
        request = getattr(self, "_request", None)
        if request is not None:
            request.finish()


class _Headers:
    """Reads headers from a WSGI environ by their lower-case name."""

    def __init__(self, environ):
        self._environ = environ

    def get(self, name):
        return self._environ.get("HTTP_" + name.upper().replace("-", "_"))


def _method(environ):
    method = environ.get("REQUEST_METHOD", "GET").upper()
    return method if method in _METHODS else "OTHER"  # the method comes from outside and becomes a resource
