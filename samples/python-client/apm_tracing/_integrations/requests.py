"""requests: a span per request that goes out (a redirect is another one); http.client below adds the headers."""

from urllib.parse import urlsplit

from apm_tracing import _redact
from apm_tracing._integrations import http_client
from apm_tracing._integrations._patching import wrap
from apm_tracing._quiet import warn_failed
from apm_tracing._runtime import tracer


def patch(module):
    """:param module: ``requests.adapters``."""
    wrap(module.HTTPAdapter, "send", _send)


def _send(original):
    def send(self, request, *args, **kwargs):
        span = _begin(request) if tracer.enabled else None
        if span is None:
            return original(self, request, *args, **kwargs)
        with span:
            response = original(self, request, *args, **kwargs)
            http_client.set_status(span, response.status_code)
            return response

    return send


def _begin(request):
    try:
        current = tracer.current_span()
        if current is not None and current._note == http_client.OWN_SPAN:
            return None  # an adapter that calls another one
        url = urlsplit(request.url)
        method = str(request.method or "GET").upper()
        span = tracer.start_span("requests.request", span_type="http")
        span._note = http_client.OWN_SPAN
        span.resource = "%s %s" % (method, _redact.path_shape(url.path))
        port = url.port or (443 if url.scheme == "https" else 80)
        http_client.describe(span, method, request.url, url.hostname or "", port, "requests")
        return span
    except Exception as error:
        warn_failed("beginning a client span", error)
        return None
