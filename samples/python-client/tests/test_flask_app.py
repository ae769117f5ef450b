"""The Flask application of the README, as it is, under the injected start-up."""

import re
import signal
import unittest

from support import FLASK_APP, ProcessTestCase, get, python_with

# flaskapp.py listens on port 5050. As a user's own sitecustomize this moves it to a free port, so that the
# tests can run beside whatever has 5050; and it shows that such a file still runs.
ANY_PORT = """
import socketserver
bind = socketserver.TCPServer.server_bind
def server_bind(self):
    if self.server_address[1] == 5050:
        self.server_address = ("127.0.0.1", 0)
    return bind(self)
socketserver.TCPServer.server_bind = server_bind
"""


class FlaskAppTest(ProcessTestCase):
    def start_flaskapp(self, **env):
        self.write("own/sitecustomize.py", ANY_PORT)
        return self.start(FLASK_APP, python=python_with("flask"), PYTHONPATH=self.folder + "/own", **env)

    def test_three_routes_are_three_traces(self):
        child = self.start_flaskapp()
        url = self.agent.wait_for_address()
        self.assertEqual((200, "Entrypoint to the Application"), get(url + "/"))
        self.assertEqual((200, "Getting APM Started"), get(url + "/api/apm?token=secret&page=2"))
        self.assertEqual((200, "Posting Traces"), get(url + "/api/trace"))
        requests = self.agent.wait_for_spans(3, name="flask.request")

        self.assertEqual(["GET /", "GET /api/apm", "GET /api/trace"], sorted(s["resource"] for s in requests))
        span = self.agent.spans(resource="GET /api/apm")[0]
        self.assertEqual(("flaskapp", "web", 0, 0), (span["service"], span["type"], span["error"], span["parent_id"]))
        expected = {
            "span.kind": "server",
            "component": "flask",
            "language": "python",
            "http.method": "GET",
            "http.route": "/api/apm",
            "http.status_code": "200",
            "http.url": url + "/api/apm?token=<redacted>&page=<redacted>",
            "flask.endpoint": "apm_endpoint",
            "flask.url_rule": "/api/apm",
            "flask.view": "apm_endpoint",
            "_dd.p.dm": "-0",
        }
        self.assertEqual(expected, {key: span["meta"].get(key) for key in expected})
        self.assertIn("Python-urllib", span["meta"]["http.useragent"])
        self.assertRegex(span["meta"]["_dd.p.tid"], "^[0-9a-f]{8}00000000$")
        self.assertEqual(
            {"_sampling_priority_v1": 1, "process_id": child.pid, "_dd.top_level": 1}, span["metrics"]
        )
        view = self.agent.spans(name="flask.view", resource="apm_endpoint")[0]
        self.assertEqual((span["trace_id"], span["span_id"]), (view["trace_id"], view["parent_id"]))
        self.assertGreaterEqual(view["start"], span["start"])
        self.assertLessEqual(view["start"] + view["duration"], span["start"] + span["duration"] + 1_000_000)
        self.assertEqual(6, len(self.agent.spans()), "a request and its view, nothing else")

        headers, chunks = self.agent.payloads()[0]
        self.assertEqual("python", headers["datadog-meta-lang"])
        self.assertEqual("CPython", headers["datadog-meta-lang-interpreter"])
        self.assertRegex(headers["datadog-meta-tracer-version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(str(len(chunks)), headers["x-datadog-trace-count"])
        self.assertEqual("application/msgpack", headers["content-type"])

        child.stop(signal.SIGINT)
        self.agent.wait_for("app-closing", lambda: self.agent.telemetry("app-closing"))
        self.assertEqual("", re.sub(r"(?m)^ \* .*\n|WARNING.*\n|Press CTRL.*\n", "", child.err()))
        self.assertIn("werkzeug - INFO", child.out())  # its own logging is as it was
        self.assertNotIn("apm", child.out().replace("/api/apm", ""))

    def test_an_app_without_a_request_is_known_with_its_routes(self):
        child = self.start_flaskapp()
        url = self.agent.wait_for_address()
        endpoints = self.agent.wait_for("app-endpoints", lambda: self.agent.telemetry("app-endpoints"))
        started = self.agent.telemetry("app-started")
        self.assertEqual(1, len(started))
        self.assertEqual("flaskapp", started[0]["application"]["service_name"])
        self.assertEqual("python", started[0]["application"]["language_name"])
        self.assertIn(
            {"name": "process_id", "value": str(child.pid), "origin": "apm"}, started[0]["payload"]["configuration"]
        )
        self.assertIn(
            {"name": "service", "value": "flaskapp", "origin": "default"}, started[0]["payload"]["configuration"]
        )
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+$")
        self.assertTrue(endpoints[0]["payload"]["is_first"])
        self.assertEqual(
            [
                {
                    "type": "REST",
                    "method": "GET",
                    "path": path,
                    "operation_name": "flask.request",
                    "resource_name": "GET " + path,
                }
                for path in ("/", "/api/apm", "/api/trace")
            ],
            endpoints[0]["payload"]["endpoints"],
        )
        self.assertEqual([], self.agent.spans())
        self.assertEqual(1, started[0]["seq_id"])

    def test_settings_name_the_service(self):
        self.start_flaskapp(DD_SERVICE="shop", DD_ENV="prod", DD_VERSION="1.2", DD_TAGS="team:blue,zone:a")
        get(self.agent.wait_for_address() + "/")
        span = self.agent.wait_for_spans(name="flask.request")[0]
        self.assertEqual("shop", span["service"])
        wanted = {"env": "prod", "version": "1.2", "team": "blue", "zone": "a"}
        self.assertEqual(wanted, {key: span["meta"].get(key) for key in wanted})

    def test_the_agents_rate_is_honoured(self):
        self.agent.rates = {"service:flaskapp,env:": 0}
        self.start_flaskapp()
        url = self.agent.wait_for_address()
        for number in range(1, 50):  # the first traces leave before the first answer with rates has come
            get(url + "/")
            span = self.agent.wait_for_spans(number, name="flask.request")[-1]
            if "_dd.agent_psr" in span["metrics"]:
                break
        self.assertEqual(0, span["metrics"]["_sampling_priority_v1"])
        self.assertEqual(0, span["metrics"]["_dd.agent_psr"])
        self.assertNotIn("_dd.p.dm", span["meta"])

    def test_switched_off_it_is_off(self):
        child = self.start_flaskapp(DD_TRACE_ENABLED="false")
        self.wait_until_running(child)
        self.assertEqual((200, "Getting APM Started"), get(self.address_of(child) + "/api/apm"))
        child.stop()
        self.assertEqual([], self.agent.requests)

    def test_without_an_agent_the_app_does_not_notice(self):
        child = self.start_flaskapp(DD_TRACE_AGENT_URL="http://127.0.0.1:1")
        self.wait_until_running(child)
        self.assertEqual((200, "Getting APM Started"), get(self.address_of(child) + "/api/apm"))
        child.stop()
        self.assertNotIn("apm:", child.err())

    def test_a_proxy_for_the_world_is_not_used_for_the_agent(self):
        self.start_flaskapp(HTTP_PROXY="http://127.0.0.1:1", http_proxy="http://127.0.0.1:1")
        get(self.agent.wait_for_address() + "/")
        self.agent.wait_for_spans(name="flask.request")

    def wait_until_running(self, child):
        import selectors
        import time

        # Its own words are the only sign of life an untraced app gives.
        end = time.monotonic() + 30
        with selectors.DefaultSelector() as nothing:
            while "Press CTRL+C" not in child.out() + child.err():
                self.assertLess(time.monotonic(), end, child.story())
                self.assertIsNone(child.process.poll(), child.story())
                nothing.select(0.02)

    @staticmethod
    def address_of(child):
        return re.search(r"Running on (http://127[^\s]+)", child.out() + child.err()).group(1)


if __name__ == "__main__":
    unittest.main()
