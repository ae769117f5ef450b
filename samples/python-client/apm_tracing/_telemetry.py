"""Tells the agent that this application is alive, where it listens, and which routes it has.

Without it an application that has had no request would be invisible. Sent by the worker; the body is the
public telemetry v2 shape: ``POST /telemetry/proxy/api/v2/apmtelemetry``.
"""

import _thread
import json
import os
import platform
import sys
import time
import weakref

from apm_tracing import _process
from apm_tracing._version import VERSION

PATH = "/telemetry/proxy/api/v2/apmtelemetry"
SEEN_DELAY_SECONDS = 1.0  # a command line program that ends sooner is not announced
RETRY_SECONDS_FIRST = 2.0
RETRY_SECONDS_MAX = 10.0
ENDPOINTS_PER_MESSAGE_MAX = 300
ENDPOINTS_MAX = 3000
CLOSING_TIMEOUT_SECONDS = 0.5


class Telemetry:
    """A job of the worker. The methods that integrations call only take notes and never wait."""

    def __init__(self, settings, agent, worker, headers, unix_seconds=time.time, injected=False):
        self.injected = injected
        self._settings = settings
        self._agent = agent
        self._worker = worker
        self._headers = headers
        self._unix_seconds = unix_seconds
        self._apps = []  # weak references to Flask applications
        self._integrations = []
        self._held = False
        self._reset()
        _process.after_fork_in_child(self._reset)

    def _reset(self):
        self._lock = _thread.RLock()
        self._started = False
        self._start_at = None
        self._heartbeat_at = None
        self._check_at = None
        self._retry_at = None
        self._failures = 0
        self._sequence = 0
        self._held = False
        self._outbox = []
        self._integrations_sent = 0
        self._endpoints_sent = set()
        self._notes = {}
        self._counter = None
        self._reported = {}

    # What integrations call

    def app_created(self, app):
        """A Flask application exists. Unless a server begins sooner it is announced in a second."""
        self._apps.append(weakref.ref(app))
        self._start_within(SEEN_DELAY_SECONDS)

    def routes_changed(self):
        """A route was added to some application; looked at in a second, with those that follow."""
        with self._lock:
            if not self._started or self._check_at is not None:
                return
            self._check_at = self._worker.clock() + SEEN_DELAY_SECONDS
        self._worker.wake()

    def span_made(self):
        """The process makes spans: it is announced if it lives for a second."""
        self._start_within(SEEN_DELAY_SECONDS)

    def server_started(self, urls=()):
        """A server begins to serve: announced at once, with its addresses once they are known."""
        if urls:
            self.note("listen_urls", ",".join(urls))
        self._start_within(0.0)

    def note(self, name, value):
        """A fact about this process, sent as a configuration change."""
        with self._lock:
            if self._notes.get(name) == value:
                return
            self._notes[name] = value
            if self._start_at is None and not self._started:
                return  # told with the start, if it comes to one
            self._check_at = self._worker.clock()
        self._worker.wake()

    def integration_enabled(self, name):
        """A library was patched. Sent with the next message; no reason to wake anybody."""
        if name not in self._integrations:
            self._integrations.append(name)

    def hold(self):
        """This process only watches over others (a reloader, a pre-fork master): it is not an application."""
        with self._lock:
            self._held = True
            if not self._started and self._start_at is None:
                return
        self._worker.wake()

    def release(self):
        """The process is an application after all."""
        self._held = False

    def count_drops(self, counter):
        """``counter()`` gives {reason: spans dropped since the process began}; told with each heartbeat."""
        self._counter = counter

    # What the worker calls

    def due(self):
        """When to run next; None while there is nothing to say."""
        if not self._settings.telemetry_enabled:
            return None
        if self._held and not self._started:
            return None
        if self._retry_at is not None:
            return self._retry_at
        if self._held:
            return self._worker.clock()
        if not self._started:
            return self._start_at
        times = [at for at in (self._heartbeat_at, self._check_at) if at is not None]
        return min(times) if times else None

    def run(self):
        """Says what there is to say."""
        now = self._worker.clock()
        self._retry_at = None
        if self._held:
            if self._post("app-closing", {}):
                self._started = False
                self._start_at = None
            return
        if not self._started:
            if not self._post("app-started", self._start_payload()):
                return
            self._started = True
            self._heartbeat_at = now + self._settings.heartbeat_seconds
            self._check_at = now
        if self._check_at is not None and self._check_at <= now:
            self._check_at = None
            self._look()
        if self._heartbeat_at <= now:
            self._heartbeat_at = now + self._settings.heartbeat_seconds
            self._look()
            self._outbox.extend(self._drop_messages())
            self._outbox.append(("app-heartbeat", {}))
        while self._outbox:
            if not self._post(*self._outbox[0]):
                return
            self._outbox.pop(0)

    def close(self):
        """The last words, if there were first ones."""
        if self._started and not self._held:
            self._post("app-closing", {}, CLOSING_TIMEOUT_SECONDS)

    # Inside

    def _start_within(self, seconds):
        if not self._settings.telemetry_enabled or not self._settings.trace_enabled:
            return
        at = self._worker.clock() + seconds
        with self._lock:
            if self._started:
                self._check_at = at if self._check_at is None else min(at, self._check_at)
            elif self._start_at is None or at < self._start_at:
                self._start_at = at
            if self._held:
                return
        self._worker.wake()

    def _start_payload(self):
        settings = self._settings
        configuration = [
            ("process_id", str(os.getpid()), "apm"),
            ("parent_process_id", str(os.getppid()), "apm"),
            ("interpreter", sys.executable or "", "apm"),
            ("injected", "true" if self.injected else "false", "apm"),
            ("service", settings.service, settings.service_origin),
            ("env", settings.env, "env_var" if settings.env else "default"),
            ("version", settings.version, "env_var" if settings.version else "default"),
            ("trace_agent_url", settings.agent_url, "apm"),
        ]
        if os.environ.get("WERKZEUG_RUN_MAIN") == "true":
            configuration.append(("reloader_child", "true", "apm"))
        return {"products": {}, "configuration": [_entry(*item) for item in configuration]}

    def _look(self):
        """Puts what is new since the last look into the outbox."""
        with self._lock:
            notes = dict(self._notes)
        new_notes = [_entry(name, value, "apm") for name, value in notes.items() if self._reported.get(name) != value]
        if new_notes:
            self._reported.update(notes)
            self._outbox.append(("app-client-configuration-change", {"configuration": new_notes}))
        names = list(self._integrations)
        if len(names) > self._integrations_sent:
            rows = [_integration(name, self.injected) for name in names[self._integrations_sent :]]
            self._integrations_sent = len(names)
            self._outbox.append(("app-integrations-change", {"integrations": rows}))
        self._outbox.extend(self._endpoint_messages())

    def _endpoint_messages(self):
        new = []
        for reference in self._apps:
            app = reference()
            if app is None:
                continue
            for method, path in _routes(app):
                key = (method, path)
                if key not in self._endpoints_sent and len(self._endpoints_sent) < ENDPOINTS_MAX:
                    first = not self._endpoints_sent
                    self._endpoints_sent.add(key)
                    new.append((first, method, path))
        for start in range(0, len(new), ENDPOINTS_PER_MESSAGE_MAX):
            part = new[start : start + ENDPOINTS_PER_MESSAGE_MAX]
            yield "app-endpoints", {
                "is_first": part[0][0],
                "endpoints": [
                    {
                        "type": "REST",
                        "method": method,
                        "path": path,
                        "operation_name": "flask.request",
                        "resource_name": method + " " + path,
                    }
                    for _, method, path in part
                ],
            }

    def _drop_messages(self):
        series = []
        for reason, total in (self._counter() if self._counter else {}).items():
            new = total - self._reported.get("drops." + reason, 0)
            if new > 0:
                self._reported["drops." + reason] = total
                points = [[int(self._unix_seconds()), new]]
                tags = ["reason:" + reason]
                series.append(
                    {"metric": "spans_dropped", "points": points, "tags": tags, "type": "count", "common": True}
                )
        if series:
            yield "generate-metrics", {"namespace": "tracers", "series": series}

    def _post(self, request_type, payload, timeout_seconds=None):
        """False when the message has to be said again later."""
        from apm_tracing._agent import AgentUnreachable

        self._sequence += 1
        body = json.dumps(self._message(request_type, payload)).encode("utf-8")
        headers = self._headers()
        headers["Content-Type"] = "application/json"
        headers["DD-Telemetry-API-Version"] = "v2"
        headers["DD-Telemetry-Request-Type"] = request_type
        headers["DD-Client-Library-Language"] = "python"
        headers["DD-Client-Library-Version"] = VERSION
        try:
            status, _ = self._agent.send("POST", PATH, body, headers, timeout_seconds)
        except AgentUnreachable:
            status = 503
        if status >= 500 or status in (408, 429):
            self._failures += 1
            delay = min(RETRY_SECONDS_FIRST * 2 ** (self._failures - 1), RETRY_SECONDS_MAX)
            self._retry_at = self._worker.clock() + delay
            return False
        self._failures = 0
        return True  # also when refused: an agent that does not know telemetry will not learn it

    def _message(self, request_type, payload):
        settings = self._settings
        return {
            "api_version": "v2",
            "request_type": request_type,
            "tracer_time": int(self._unix_seconds()),
            "runtime_id": _process.runtime_id,
            "seq_id": self._sequence,
            "application": {
                "service_name": settings.service,
                "env": settings.env,
                "service_version": settings.version,
                "tracer_version": VERSION,
                "language_name": "python",
                "language_version": platform.python_version(),
                "runtime_name": platform.python_implementation(),
                "runtime_version": platform.python_version(),
            },
            "host": _host(),
            "payload": payload,
        }


def _entry(name, value, origin):
    return {"name": name, "value": value, "origin": origin}


def _integration(name, injected):
    try:
        # Here, in the background: reading package metadata takes longer than importing the package.
        from importlib.metadata import version

        text = version(name)
    except Exception:
        text = ""  # part of Python, or not installed as a package
    return {"name": name, "version": text, "enabled": True, "auto_enabled": injected}


def _host():
    system = platform.uname()
    return {
        "hostname": system.node,
        "os": system.system,
        "architecture": system.machine,
        "kernel_name": system.system,
        "kernel_release": system.release,
        "kernel_version": system.version,
    }


def _routes(app):
    """(method, path) of each route but the static files; what is known so far if one is just being added."""
    routes = []
    try:
        for rule in list(app.url_map.iter_rules()):
            if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
                continue
            for method in sorted((rule.methods or {"*"}) - {"HEAD", "OPTIONS"}):
                routes.append((method, rule.rule))
    except Exception:
        pass  # the application's thread is changing the map; the next look sees it all
    return routes
