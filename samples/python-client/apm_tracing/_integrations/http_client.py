"""``http.client``, and with it urllib, urllib3 and requests: a client span per request, and the trace headers.

A request is three calls: ``putrequest`` begins, ``endheaders`` connects and sends, ``getresponse`` answers.
"""

from apm_tracing import _redact
from apm_tracing._integrations._patching import wrap
from apm_tracing._quiet import warn_failed
from apm_tracing._runtime import tracer

OWN_SPAN = "http_client_of_a_library"  # the note on a span of a library that has made the client span itself


def patch(module):
    """:param module: ``http.client``."""
    connection = module.HTTPConnection
    wrap(connection, "putrequest", _putrequest)
    wrap(connection, "endheaders", _endheaders)
    wrap(connection, "getresponse", _getresponse)
    wrap(connection, "close", _close)


def describe(span, method, url, host, port, component):
    """The tags that every client span has."""
    span.meta.update(
        {
            "span.kind": "client",
            "component": component,
            "http.method": method,
            "http.url": _redact.url(url),
            "out.host": host,
        }
    )
    if port:
        span.metrics["network.destination.port"] = port


def set_status(span, status):
    """The status of the answer; from 500 on the call has failed."""
    span.meta["http.status_code"] = str(status)
    if status >= 500:
        span.error = 1


def _putrequest(original):
    def putrequest(self, method, url, *args, **kwargs):
        _end(self)  # a request before this one was never answered
        if tracer.enabled and not getattr(self, "apm_untraced", False):
            try:
                _begin(self, method, url)
            except Exception as error:
                warn_failed("beginning a client span", error)
        try:
            return original(self, method, url, *args, **kwargs)
        except BaseException as error:
            _end(self, error)
            raise

    return putrequest


def _begin(connection, method, url):
    current = tracer.current_span()
    if current is not None and current._note == OWN_SPAN:
        connection._apm_headers_of = current
        return
    # Not current: between the three calls the caller's own code runs.
    span = tracer.start_span("http.client.request", span_type="http", activate=False)
    connection._apm_span = connection._apm_headers_of = span
    secure = hasattr(connection, "_context") or type(connection).__name__.startswith("HTTPS")
    host, port = connection.host, connection.port
    if getattr(connection, "_tunnel_host", None):
        host, port = connection._tunnel_host, connection._tunnel_port or port
    if "://" not in url:
        default = 443 if secure else 80
        place = "[%s]" % host if ":" in host else host
        place += "" if port in (None, default) else ":%d" % port
        url = "%s://%s%s" % ("https" if secure else "http", place, url)
    describe(span, str(method).upper(), url, host, port, "http.client")
    span.resource = "%s %s" % (str(method).upper(), _redact.path_shape("/" + url.split("://", 1)[-1].partition("/")[2]))


def _endheaders(original):
    def endheaders(self, *args, **kwargs):
        span = getattr(self, "_apm_headers_of", None)
        if span is not None:
            self._apm_headers_of = None
            try:
                _put_headers(self, span)
            except Exception as error:
                warn_failed("writing the trace headers", error)
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            _end(self, error)
            raise

    return endheaders


def _put_headers(connection, span):
    written = {bytes(line).partition(b":")[0].strip().lower() for line in getattr(connection, "_buffer", ())}
    for name, value in span.tracer.inject(span).items():
        if name.encode("ascii") not in written:  # the application's own headers win
            connection.putheader(name, value)


def _getresponse(original):
    def getresponse(self, *args, **kwargs):
        span = getattr(self, "_apm_span", None)
        if span is None:
            return original(self, *args, **kwargs)
        self._apm_span = None  # the original may close the connection before it returns
        try:
            response = original(self, *args, **kwargs)
        except BaseException as error:
            span.set_error(error)
            span.finish()
            raise
        set_status(span, response.status)
        span.finish()
        return response

    return getresponse


def _close(original):
    def close(self, *args, **kwargs):
        _end(self)
        return original(self, *args, **kwargs)

    return close


def _end(connection, error=None):
    span = getattr(connection, "_apm_span", None)
    connection._apm_headers_of = None
    if span is not None:
        connection._apm_span = None
        if error is not None:
            span.set_error(error)
        span.finish()
