"""What a program tells about itself, and how the end of a program is not held up."""

import json
import socket
import unittest

from support import ProcessTestCase

WAIT_FOR_INPUT = """
    import os, sys, threading
    from apm_tracing import tracer
    with tracer.trace("start"):
        pass
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "go")
    os.mkfifo(path)
    print("ready", flush=True)
    open(path).read()
"""


class TelemetryTest(ProcessTestCase):
    def test_a_program_that_lives_is_announced_and_says_goodbye(self):
        child = self.start(self.write("job.py", WAIT_FOR_INPUT), DD_TELEMETRY_HEARTBEAT_INTERVAL="1", DD_ENV="prod")
        self.agent.wait_for("two heartbeats", lambda: len(self.agent.telemetry("app-heartbeat")) >= 2)
        with open(self.folder + "/go", "w"):
            pass
        self.assertEqual(0, child.wait(), child.story())
        messages = [json.loads(b) for m, p, h, b in self.agent.requests if p.endswith("/apmtelemetry")]
        self.assertEqual("app-started", messages[0]["request_type"])
        self.assertEqual("app-closing", messages[-1]["request_type"])
        self.assertEqual(list(range(1, len(messages) + 1)), [m["seq_id"] for m in messages])
        self.assertEqual(1, len({m["runtime_id"] for m in messages}))
        self.assertEqual({"job"}, {m["application"]["service_name"] for m in messages})
        self.assertEqual({"prod"}, {m["application"]["env"] for m in messages})
        self.assertEqual(self.agent.spans()[0]["meta"]["runtime-id"], messages[0]["runtime_id"])
        headers = [h for m, p, h, b in self.agent.requests if p.endswith("/apmtelemetry")][0]
        self.assertEqual(("v2", "app-started"), (headers["dd-telemetry-api-version"], headers["dd-telemetry-request-type"]))

    def test_an_agent_that_comes_later_hears_it_all(self):
        self.agent.status = 503
        self.start(self.write("job.py", WAIT_FOR_INPUT))
        self.agent.wait_for("a first try", lambda: self.agent.telemetry("app-started") and self.agent.spans())
        before = len(self.agent.requests)
        self.agent.status = 200
        self.agent.wait_for(
            "another try of both",
            lambda: {p for m, p, h, b in self.agent.requests[before:]} >= {"/v0.4/traces", "/telemetry/proxy/api/v2/apmtelemetry"},
        )

    def test_drops_are_told(self):
        program = """
    from apm_tracing import tracer
    with tracer.trace("large"):
        tracer.trace("a").finish()
        tracer.trace("b").finish()
""" + WAIT_FOR_INPUT
        self.start(self.write("job.py", program), DD_TELEMETRY_HEARTBEAT_INTERVAL="1", APM_QUEUED_SPANS_MAX="2")
        message = self.agent.wait_for("metrics", lambda: self.agent.telemetry("generate-metrics"))[0]
        series = message["payload"]["series"][0]
        self.assertEqual(("spans_dropped", ["reason:queue_full"], 3), (series["metric"], series["tags"], series["points"][0][1]))
        self.agent.wait_for_spans(name="start")

    def test_switched_off(self):
        self.run_to_end("""
            from apm_tracing import tracer
            tracer.trace("a").finish()
            assert tracer.flush(20)
        """, DD_INSTRUMENTATION_TELEMETRY_ENABLED="false")  # fmt: skip
        self.assertEqual(["/v0.4/traces"], [p for m, p, h, b in self.agent.requests])

    def test_a_short_program_sends_its_spans_at_its_end_and_is_not_announced(self):
        self.run_to_end("from apm_tracing import tracer; tracer.trace('a').finish()")
        self.assertEqual(["/v0.4/traces"], [p for m, p, h, b in self.agent.requests])

    def test_an_agent_that_never_answers_does_not_hold_the_end(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.run_to_end(
                "from apm_tracing import tracer; tracer.trace('a').finish()",
                DD_TRACE_AGENT_URL="http://127.0.0.1:%d" % silent.getsockname()[1],
                DD_TRACE_AGENT_TIMEOUT_SECONDS="3600",
            )


if __name__ == "__main__":
    unittest.main()
