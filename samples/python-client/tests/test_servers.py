"""Servers and process models: gunicorn, wsgiref, fork, multiprocessing."""

import os
import signal
import unittest

from support import ProcessTestCase, get, python_with

APP = """
    from flask import Flask
    app = Flask(__name__)

    @app.route("/hello")
    def hello():
        return "hi"

    def plain(environ, start_response):
        start_response("204 No Content", [])
        return [b""]
"""


class GunicornTest(ProcessTestCase):
    def start_gunicorn(self, *more):
        self.write("shop.py", APP)
        python = python_with("flask", "gunicorn")
        self.child = self.start("-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:0", *more, python=python)
        self.agent.wait_for("two workers", lambda: len(self.agent.configuration("listen_urls")) >= 2)
        return self.agent.configuration("listen_urls")[0]

    def assert_workers_report(self, url, name):
        self.assertEqual(200 if name == "flask.request" else 204, get(url + "/hello")[0])
        span = self.agent.wait_for_spans(name=name, resource="GET /hello")[0]
        self.assertEqual("shop", span["service"])
        started = self.agent.telemetry("app-started")
        pids = set(self.agent.configuration("process_id"))
        self.assertEqual(2, len(pids))
        self.assertNotIn(str(self.child.pid), pids, "the master is no application")
        self.assertEqual(2, len({m["runtime_id"] for m in started}))
        self.assertIn(str(int(span["metrics"]["process_id"])), pids)
        self.child.stop(signal.SIGTERM)
        self.agent.wait_for("both workers' end", lambda: len(self.agent.telemetry("app-closing")) == 2)

    def test_workers(self):
        self.assert_workers_report(self.start_gunicorn("shop:app"), "flask.request")

    def test_workers_that_were_forked_after_the_app_was_loaded(self):
        self.assert_workers_report(self.start_gunicorn("--preload", "shop:app"), "flask.request")

    def test_threads_and_an_app_that_is_not_flask(self):
        self.assert_workers_report(self.start_gunicorn("--threads", "2", "shop:plain"), "wsgi.request")


class WsgirefTest(ProcessTestCase):
    def test_a_plain_application(self):
        self.start(self.write("plain.py", """
            from wsgiref.simple_server import make_server

            def app(environ, start_response):
                if environ["PATH_INFO"] == "/bad":
                    raise ValueError("bad")
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"pla", b"in"]

            make_server("127.0.0.1", 0, app).serve_forever()
        """))  # fmt: skip
        url = self.agent.wait_for_address()
        self.assertEqual((200, "plain"), get(url + "/item/17"))
        self.assertEqual(500, get(url + "/bad")[0])
        good = self.agent.wait_for_spans(resource="GET /item/?")[0]
        bad = self.agent.wait_for_spans(resource="GET /bad")[0]
        self.assertEqual(("wsgi.request", "web", 0), (good["name"], good["type"], good["error"]))
        self.assertEqual((1, "ValueError", "500"), (bad["error"], bad["meta"]["error.type"], bad["meta"]["http.status_code"]))


class ForkTest(ProcessTestCase):
    def test_a_forked_child_reports_under_its_own_identity(self):
        self.run_to_end("""
            import os
            from apm_tracing import tracer
            with tracer.trace("before"):
                pass
            tracer.flush()
            with tracer.trace("around"):
                pid = os.fork()
                with tracer.trace("child" if pid == 0 else "parent"):
                    pass
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        """)
        names = sorted(s["name"] for s in self.agent.spans())
        self.assertEqual(["around", "before", "child", "parent"], names)
        around, child, parent = (self.agent.spans(name=n)[0] for n in ("around", "child", "parent"))
        self.assertEqual((around["trace_id"], around["span_id"]), (child["trace_id"], child["parent_id"]))
        self.assertNotEqual(child["metrics"]["process_id"], around["metrics"]["process_id"])
        self.assertNotEqual(child["meta"]["runtime-id"], around["meta"]["runtime-id"])
        self.assertNotEqual(child["span_id"], parent["span_id"])

    def test_multiprocessing_in_both_ways(self):
        self.run_to_end("""
            import multiprocessing
            from apm_tracing import tracer

            def work(name):
                with tracer.trace(name):
                    pass

            if __name__ == "__main__":
                for way in ("fork", "spawn"):
                    process = multiprocessing.get_context(way).Process(target=work, args=(way,))
                    process.start()
                    process.join()
                    assert process.exitcode == 0
        """)
        self.assertEqual(["fork", "spawn"], sorted(s["name"] for s in self.agent.spans()))

    def test_a_child_python_is_traced_as_well(self):
        self.run_to_end("""
            import subprocess, sys
            code = "from apm_tracing import tracer; tracer.trace('inside').finish()"
            subprocess.check_call([sys.executable, "-c", code])
        """)
        self.assertEqual(["inside"], [s["name"] for s in self.agent.spans()])


if __name__ == "__main__":
    unittest.main()
