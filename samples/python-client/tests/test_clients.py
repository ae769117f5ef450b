"""Outgoing requests and queries."""

import http.server
import threading
import unittest

from support import ProcessTestCase, python_with


class EchoServer:
    """Answers with the status of the path (/200, /503) and records the headers it got."""

    def __init__(self):
        self.headers = []
        echo = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                echo.headers.append({key.lower(): value for key, value in self.headers.items()})
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/200")
                else:
                    self.send_response(int(self.path.split("?")[0].split("/")[1]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class HttpTest(ProcessTestCase):
    def setUp(self):
        super().setUp()
        self.echo = EchoServer()
        self.addCleanup(self.echo.close)

    def assert_headers_name(self, headers, span, high):
        self.assertEqual(str(span["trace_id"]), headers["x-datadog-trace-id"])
        self.assertEqual(str(span["span_id"]), headers["x-datadog-parent-id"])
        self.assertEqual("1", headers["x-datadog-sampling-priority"])
        self.assertEqual("_dd.p.dm=-0,_dd.p.tid=" + high, headers["x-datadog-tags"])
        self.assertEqual("00-%s%016x-%016x-01" % (high, span["trace_id"], span["span_id"]), headers["traceparent"])
        self.assertEqual("dd=p:%016x;s:1;t.dm:-0" % span["span_id"], headers["tracestate"])

    def test_urllib(self):
        self.run_to_end("""
            import urllib.request
            from apm_tracing import tracer
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with tracer.trace("job"):
                opener.open("%s/200?key=secret").read()
        """ % self.echo.url)  # fmt: skip
        job, call = self.agent.spans(name="job")[0], self.agent.spans(name="http.client.request")[0]
        self.assertEqual((job["trace_id"], job["span_id"]), (call["trace_id"], call["parent_id"]))
        self.assertEqual(("http", "GET /?", 0), (call["type"], call["resource"], call["error"]))
        wanted = {
            "span.kind": "client", "component": "http.client", "http.method": "GET", "http.status_code": "200",
            "http.url": self.echo.url + "/200?key=<redacted>", "out.host": "127.0.0.1",
        }  # fmt: skip
        self.assertEqual(wanted, {key: call["meta"].get(key) for key in wanted})
        self.assertEqual(self.echo.port, call["metrics"]["network.destination.port"])
        self.assert_headers_name(self.echo.headers[0], call, job["meta"]["_dd.p.tid"])

    def test_failures(self):
        self.run_to_end("""
            import http.client
            connection = http.client.HTTPConnection("127.0.0.1", %d)
            connection.request("GET", "/503", headers={"traceparent": "mine"})
            assert connection.getresponse().status == 503
            try:
                http.client.HTTPConnection("127.0.0.1", 1).request("GET", "/refused")
            except ConnectionRefusedError:
                pass
        """ % self.echo.port)  # fmt: skip
        busy = self.agent.spans(resource="GET /?")[0]
        refused = self.agent.spans(resource="GET /refused")[0]
        self.assertEqual((1, "503"), (busy["error"], busy["meta"]["http.status_code"]))
        self.assertEqual((1, "ConnectionRefusedError"), (refused["error"], refused["meta"]["error.type"]))
        self.assertEqual("mine", self.echo.headers[0]["traceparent"])

    def test_requests_makes_one_span_per_request(self):
        self.run_to_end("""
            import requests
            session = requests.Session()
            session.trust_env = False
            assert session.get("%s/moved").status_code == 200
        """ % self.echo.url, python=python_with("requests"))  # fmt: skip
        spans = self.agent.spans()
        self.assertEqual(
            [("requests.request", "GET /moved", "302"), ("requests.request", "GET /?", "200")],
            [(s["name"], s["resource"], s["meta"]["http.status_code"]) for s in spans],
        )
        for headers, span in zip(self.echo.headers, spans):
            self.assert_headers_name(headers, span, span["meta"]["_dd.p.tid"])


class SqliteTest(ProcessTestCase):
    def test_statements(self):
        self.run_to_end("""
            import sqlite3
            class MyCursor(sqlite3.Cursor):
                pass
            class MyConnection(sqlite3.Connection):
                pass
            connection = sqlite3.connect("shop.db")
            assert isinstance(connection, sqlite3.Connection)
            with connection:
                connection.execute("create table t (a)")
                connection.executemany("insert into t values (?)", [(1,), (2,)])
            assert connection.cursor().execute("select a from t").fetchall() == [(1,), (2,)]
            assert isinstance(connection.cursor(MyCursor), MyCursor)
            connection.row_factory = sqlite3.Row
            assert connection.execute("select a from t").fetchone()["a"] == 1
            connection.executescript("select 1; select 2;")
            try:
                connection.execute("selec")
            except sqlite3.OperationalError:
                pass
            mine = sqlite3.connect(":memory:", factory=MyConnection)
            assert isinstance(mine, MyConnection) and type(mine).__name__ == "MyConnection"
            mine.execute("select 3")
        """)
        spans = self.agent.spans(name="sqlite.query")
        self.assertEqual(
            ["create table t (a)", "insert into t values (?)", "select a from t", "select a from t",
             "select 1; select 2;", "selec", "select 3"],
            [s["resource"] for s in spans],
        )  # fmt: skip
        self.assertEqual({"sql"}, {s["type"] for s in spans})
        self.assertEqual({"sqlite"}, {s["meta"]["db.system"] for s in spans})
        self.assertEqual("shop.db", spans[0]["meta"]["db.name"])
        self.assertEqual(2, spans[1]["metrics"]["db.rows"])
        self.assertEqual((1, "sqlite3.OperationalError"), (spans[5]["error"], spans[5]["meta"]["error.type"]))


class ThreadTest(ProcessTestCase):
    def test_a_pools_work_continues_the_span_that_submitted_it_and_no_other(self):
        self.run_to_end("""
            from concurrent.futures import ThreadPoolExecutor
            from apm_tracing import tracer

            def work(name):
                with tracer.trace(name):
                    pass
                return name

            with ThreadPoolExecutor(1) as pool:
                with tracer.trace("outer"):
                    assert pool.submit(work, "inside").result() == "inside"
                    assert list(pool.map(work, ["mapped"])) == ["mapped"]
                assert pool.submit(work, "outside").result() == "outside"
        """)
        outer, inside, mapped, outside = (self.agent.spans(name=n)[0] for n in ("outer", "inside", "mapped", "outside"))
        self.assertEqual(outer["span_id"], inside["parent_id"])
        self.assertEqual(outer["span_id"], mapped["parent_id"])
        self.assertEqual(0, outside["parent_id"])
        self.assertNotEqual(outer["trace_id"], outside["trace_id"])


if __name__ == "__main__":
    unittest.main()
