"""Flask beyond the good case: failures, templates, streams, the debug reloader, the middleware by hand."""

import os
import signal
import unittest

from support import ProcessTestCase, get, python_with

PROBES = """
    import flask, flask.views
    from flask import Flask, abort, redirect, render_template, render_template_string, stream_with_context
    from apm_tracing import tracer

    app = Flask(__name__)

    class OrderError(Exception):
        pass

    @app.route("/fail")
    def fail():
        raise OrderError("no such order: 7")

    @app.route("/caught")
    def caught():
        raise KeyError("gone")

    @app.errorhandler(KeyError)
    def on_key_error(error):
        return "sorry", 503

    @app.route("/missing")
    def missing():
        abort(404)

    @app.route("/user/<int:number>", methods=["GET", "POST"])
    def user(number):
        return render_template_string("{{ n }}", n=number)

    @app.route("/page")
    def page():
        return render_template("page.html", word="hi")

    @app.route("/stream")
    def stream():
        def pieces():
            for number in range(3):
                with tracer.trace("piece", resource=str(number)):
                    yield "x"
        return app.response_class(stream_with_context(pieces()))

    class View(flask.views.View):
        def dispatch_request(self):
            return "class"

    app.add_url_rule("/class", view_func=View.as_view("by_class"))

    @app.route("/file")
    def file():
        return flask.send_file(__file__)
"""
SERVE = """
    from werkzeug.serving import make_server
    make_server("127.0.0.1", 0, app, threaded=True).serve_forever()
"""


class FlaskTest(ProcessTestCase):
    def setUp(self):
        super().setUp()
        self.python = python_with("flask")

    def serve(self, program=PROBES + SERVE, **env):
        self.child = self.start(self.write("shop.py", program), python=self.python, **env)
        return self.agent.wait_for_address()

    def request(self, resource):
        return self.agent.wait_for_spans(name="flask.request", resource=resource)[0]

    def test_an_unhandled_exception_is_told_with_its_stack(self):
        status, _ = get(self.serve() + "/fail")
        self.assertEqual(500, status)
        span = self.request("GET /fail")
        self.assertEqual(1, span["error"])
        self.assertEqual("500", span["meta"]["http.status_code"])
        self.assertEqual("__main__.OrderError", span["meta"]["error.type"])
        self.assertEqual("no such order: 7", span["meta"]["error.message"])
        self.assertIn('shop.py", line', span["meta"]["error.stack"])
        self.assertTrue(span["meta"]["error.stack"].endswith("OrderError: no such order: 7\n"))
        self.assertEqual(1, self.agent.spans(name="flask.view")[0]["error"])

    def test_a_handled_exception_with_a_5xx_is_told_as_well(self):
        self.assertEqual((503, "sorry"), get(self.serve() + "/caught"))
        span = self.request("GET /caught")
        self.assertEqual((1, "503", "KeyError"), (span["error"], span["meta"]["http.status_code"], span["meta"]["error.type"]))

    def test_a_404_is_no_error_and_an_unknown_path_no_endpoint(self):
        url = self.serve()
        get(url + "/missing")
        get(url + "/nobody/knows/this")
        by_view, by_router = self.request("GET /missing"), self.request("GET 404")
        self.assertEqual((0, 0), (by_view["error"], by_router["error"]))
        self.assertEqual([0], [s["error"] for s in self.agent.spans(name="flask.view")])
        self.assertNotIn("http.route", by_router["meta"])

    def test_the_route_pattern_is_the_resource(self):
        url = self.serve()
        get(url + "/user/41")
        get(url + "/class")
        self.request("GET /user/<int:number>")
        span = self.request("GET /class")
        self.assertEqual("View", span["meta"]["flask.view"])
        self.assertEqual("by_class", span["meta"]["flask.endpoint"])
        endpoints = [e for m in self.agent.telemetry("app-endpoints") for e in m["payload"]["endpoints"]]
        self.assertIn(("POST", "/user/<int:number>"), [(e["method"], e["path"]) for e in endpoints])

    def test_templates_are_children_of_the_view(self):
        self.write("templates/page.html", "<p>{{ word }}</p>")
        url = self.serve()
        self.assertEqual((200, "<p>hi</p>"), get(url + "/page"))
        template = self.agent.wait_for_spans(name="flask.render_template")[0]
        view = self.agent.wait_for_spans(name="flask.view")[0]
        self.assertEqual(("page.html", "template", view["span_id"]), (template["resource"], template["type"], template["parent_id"]))

    def test_a_stream_belongs_to_its_request_until_its_end(self):
        self.assertEqual((200, "xxx"), get(self.serve() + "/stream"))
        request = self.request("GET /stream")
        pieces = self.agent.spans(name="piece")
        self.assertEqual(["0", "1", "2"], [p["resource"] for p in pieces])
        self.assertEqual({(request["trace_id"], request["span_id"])}, {(p["trace_id"], p["parent_id"]) for p in pieces})
        self.assertGreaterEqual(request["start"] + request["duration"], pieces[-1]["start"])

    def test_a_sent_file_arrives_whole(self):
        status, text = get(self.serve() + "/file")
        self.assertEqual(200, status)
        self.assertIn("flask.send_file(__file__)", text)
        self.request("GET /file")

    def test_a_callers_context_is_continued(self):
        url = self.serve()
        get(url + "/class", {
            "x-datadog-trace-id": "1234567890123456789", "x-datadog-parent-id": "42",
            "x-datadog-sampling-priority": "2", "x-datadog-origin": "synthetics",
            "x-datadog-tags": "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4",
        })  # fmt: skip
        get(url + "/user/1", {"traceparent": "00-640cfd8d00000000112210f47de98115-00000000000000ff-01"})
        span = self.request("GET /class")
        self.assertEqual((1234567890123456789, 42), (span["trace_id"], span["parent_id"]))
        self.assertEqual(("640cfd8d00000000", "-4", "synthetics"), tuple(span["meta"][k] for k in ("_dd.p.tid", "_dd.p.dm", "_dd.origin")))
        self.assertEqual(2, span["metrics"]["_sampling_priority_v1"])
        span = self.request("GET /user/<int:number>")
        self.assertEqual((0x112210F47DE98115, 255), (span["trace_id"], span["parent_id"]))

    def test_the_reloaders_child_is_the_application_and_its_parent_is_none(self):
        path = self.write("shop.py", PROBES + "    app.run(debug=True, port=0)\n")
        self.child = self.start(path, python=self.python)
        url = self.agent.wait_for_address()
        get(url + "/class")
        self.request("GET /class")
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        self.agent.wait_for("the restarted child", lambda: len(self.agent.telemetry("app-started")) >= 2)
        pids = self.agent.configuration("process_id")
        self.assertEqual(2, len(set(pids)))
        self.assertNotIn(str(self.child.pid), pids)
        self.assertEqual({str(self.child.pid)}, set(self.agent.configuration("parent_process_id")))
        self.assertEqual({"true"}, set(self.agent.configuration("reloader_child")))
        self.child.stop(signal.SIGINT)

    def test_an_exception_that_reaches_the_debugger_is_told(self):
        url = self.serve(PROBES + "    app.run(debug=True, use_reloader=False, port=0)\n")
        self.assertEqual(500, get(url + "/fail")[0])
        span = self.request("GET /fail")
        self.assertEqual((1, "500", "__main__.OrderError"), (span["error"], span["meta"]["http.status_code"], span["meta"]["error.type"]))

    def test_flask_run_names_the_service_after_the_app(self):
        self.write("shop.py", PROBES)
        self.start("-m", "flask", "--app", "shop", "run", "--port", "0", python=self.python)
        get(self.agent.wait_for_address() + "/class")
        self.assertEqual("shop", self.request("GET /class")["service"])

    def test_the_middleware_by_hand(self):
        by_hand = """
    from apm_tracing.contrib.flask import TraceMiddleware
    traced_app = TraceMiddleware(app, tracer, "my-flask-app", True, distributed_tracing=False)
"""
        self.child = self.start(
            self.write("shop.py", PROBES + by_hand + SERVE), python=self.python, injected=False, DD_SERVICE="process"
        )
        url = self.agent.wait_for_address()
        get(url + "/fail", {"x-datadog-trace-id": "5", "x-datadog-parent-id": "6"})
        span = self.request("GET /fail")
        self.assertEqual(("my-flask-app", 0, 1), (span["service"], span["parent_id"], span["error"]))
        self.assertNotEqual(5, span["trace_id"])
        self.assertEqual("process", span["meta"]["_dd.base_service"])
        self.agent.wait_for("routes", lambda: self.agent.telemetry("app-endpoints"))

    def test_without_middleware_an_app_by_hand_is_not_traced(self):
        other = """
    from apm_tracing.contrib.flask import TraceMiddleware
    untraced = Flask("untraced")
    TraceMiddleware(app, tracer)
    untraced.add_url_rule("/", "u", lambda: "u")
    assert untraced.test_client().get("/").data == b"u"
    assert app.test_client().get("/class").data == b"class"
"""
        self.run_to_end(PROBES + other, python=self.python, injected=False)
        self.assertEqual(["GET /class"], [s["resource"] for s in self.agent.spans(name="flask.request")])
        self.assertEqual("flask", self.agent.spans(name="flask.request")[0]["service"])

    def test_middleware_under_the_launcher_does_not_double_spans(self):
        both = """
    from apm_tracing.contrib.flask import TraceMiddleware
    from apm_tracing.contrib.wsgi import TraceMiddleware as WsgiMiddleware
    TraceMiddleware(app, tracer)
    app.wsgi_app = WsgiMiddleware(app.wsgi_app)
"""
        get(self.serve(PROBES + both + SERVE) + "/class")
        self.request("GET /class")
        self.assertEqual([("flask.request", "shop"), ("flask.view", "shop")], [(s["name"], s["service"]) for s in self.agent.spans()])
        self.assertEqual(["flask"], self.agent.configuration("middleware_yields"))

    def test_another_tracer_in_the_process_has_precedence(self):
        self.write("ddtrace/__init__.py", "")
        get_untraced = """
    import ddtrace
    assert app.test_client().get("/class").data == b"class"
"""
        self.run_to_end(PROBES + get_untraced, python=self.python)
        self.assertEqual([], self.agent.spans())

    def test_views_that_share_an_endpoint_stay_the_same_function(self):
        self.run_to_end(
            PROBES
            + """
    app.add_url_rule("/again", endpoint="user", view_func=user)
    assert app.view_functions["user"] is user
"""
            , python=self.python
        )


if __name__ == "__main__":
    unittest.main()
