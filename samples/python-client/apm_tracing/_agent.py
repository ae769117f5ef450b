"""One HTTP request to the agent. Goes straight there: no proxy, no redirect, no trace of its own."""

import http.client
import platform
import socket
import sys
from urllib.parse import unquote, urlsplit

from apm_tracing._version import VERSION

ANSWER_BYTES_MAX = 1024 * 1024


class AgentUnreachable(Exception):
    """No answer came: refused, timed out, or not HTTP. Sending again may help."""


class AgentClient:
    """Opens a connection per request: they are a second apart, and a fork leaves nothing shared."""

    def __init__(self, url, timeout_seconds):
        self.url = url
        self.timeout_seconds = timeout_seconds

    def send(self, method, path, body, headers, timeout_seconds=None):
        """The status and body of the answer. Raises AgentUnreachable only."""
        try:
            connection, prefix = self._connect(timeout_seconds or self.timeout_seconds)
            try:
                connection.request(method, prefix + path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read(ANSWER_BYTES_MAX)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AgentUnreachable("%s: %s: %s" % (self.url, type(error).__name__, error)) from None

    def _connect(self, timeout_seconds):
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return _UnixConnection(unquote(parts.netloc + parts.path), timeout_seconds), ""
        kind = _HttpsConnection if parts.scheme == "https" else _HttpConnection
        return kind(parts.hostname or "localhost", parts.port, timeout=timeout_seconds), parts.path.rstrip("/")


def language_headers():
    """The headers by which an agent knows the tracer."""
    return {
        "Datadog-Meta-Lang": "python",
        "Datadog-Meta-Lang-Version": platform.python_version(),
        "Datadog-Meta-Lang-Interpreter": platform.python_implementation(),
        "Datadog-Meta-Tracer-Version": VERSION,
    }


class _HttpConnection(http.client.HTTPConnection):
    apm_untraced = True  # the http.client integration looks for this


if hasattr(http.client, "HTTPSConnection"):

    class _HttpsConnection(http.client.HTTPSConnection):
        apm_untraced = True

else:  # a Python built without TLS
    _HttpsConnection = _HttpConnection


class _UnixConnection(http.client.HTTPConnection):
    apm_untraced = True

    def __init__(self, path, timeout_seconds):
        super().__init__("localhost", timeout=timeout_seconds)
        self._socket_path = path

    def connect(self):
        if sys.platform == "win32":
            raise OSError("unix sockets are not supported on Windows")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)
