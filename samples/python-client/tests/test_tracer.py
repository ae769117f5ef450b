"""The tracer, the queue in front of the agent, and the small parts, without processes."""

import asyncio
import math
import os
import random
import re
import threading
import unittest

from support import CLIENT, FakeAgent
from unpack import unpack

from apm_tracing import _msgpack, _redact, _sampler, _span
from apm_tracing._agent import AgentClient, AgentUnreachable
from apm_tracing._context import TraceContext
from apm_tracing._settings import Settings, guess_service, parse_tags
from apm_tracing._tracer import Tracer
from apm_tracing._worker import Worker
from apm_tracing._writer import TraceWriter


class ListWriter:
    def __init__(self):
        self.chunks = []
        self.lost = []

    def put(self, spans):
        self.chunks.append([span.wire() for span in spans])

    def count_lost(self, spans):
        self.lost.extend(spans)


def make_tracer(writer=None, **env):
    ticks = iter(range(1_700_000_000_000_000_000, 1_800_000_000_000_000_000, 1000))
    steps = iter(range(0, 10**9, 10))
    settings = Settings(env=env, argv=["shop.py"])
    return Tracer(settings, writer or ListWriter(), lambda: next(ticks), lambda: next(steps), random.Random(7))


class TracerTest(unittest.TestCase):
    def setUp(self):
        self.tracer = make_tracer()
        self.chunks = self.tracer.writer.chunks

    def test_a_chunk_leaves_when_its_last_span_ends(self):
        with self.tracer.trace("outer", service="web", resource="r", span_type="web") as outer:
            with self.tracer.trace("inner") as inner:
                self.assertIs(inner, self.tracer.current_span())
                self.assertIs(outer, self.tracer.current_root_span())
            self.assertIs(outer, self.tracer.current_span())
            self.assertEqual([], self.chunks)
        self.assertIsNone(self.tracer.current_span())
        first, second = self.chunks[0]
        self.assertEqual(("outer", "web", "r", "web", 0), tuple(first[k] for k in ("name", "service", "resource", "type", "parent_id")))
        self.assertEqual(("inner", "web", "inner", first["span_id"]), tuple(second[k] for k in ("name", "service", "resource", "parent_id")))
        self.assertEqual((30, 10), (first["duration"], second["duration"]))
        self.assertEqual(1, first["metrics"]["_dd.top_level"])
        self.assertNotIn("_dd.top_level", second["metrics"])
        self.assertEqual("%08x00000000" % (1_700_000_000), first["meta"]["_dd.p.tid"])

    def test_a_span_of_another_service_is_top_level(self):
        with self.tracer.trace("a"), self.tracer.trace("b", service="db"):
            pass
        a, b = self.chunks[0]
        self.assertEqual((1, "shop"), (b["metrics"]["_dd.top_level"], b["meta"]["_dd.base_service"]))
        self.assertNotIn("_dd.base_service", a["meta"])

    def test_tags(self):
        with self.tracer.trace("a") as span:
            span.set_tag("text", "x").set_tag("number", 3).set_tag("yes", True).set_tag("none", None)
            span.set_tag("bytes", b"\xc3\xa4").set_tag("long", "y" * 40_000).set_metric("wrong", "not a number")
            span.set_tag("bad", BadText())
            span.set_tag("replaced", 1).set_tag("replaced", "one")
        meta, metrics = self.chunks[0][0]["meta"], self.chunks[0][0]["metrics"]
        self.assertEqual(("x", "true", "ä", "one"), (meta["text"], meta["yes"], meta["bytes"], meta["replaced"]))
        self.assertEqual(3.0, metrics["number"])
        self.assertLessEqual(len(meta["long"]), _span.TAG_CHARS_MAX)
        self.assertIn("characters cut", meta["long"])
        self.assertFalse({"none", "bad", "wrong"} & set(meta) or {"wrong", "replaced"} & set(metrics))

    def test_errors(self):
        with self.assertRaises(ZeroDivisionError):
            with self.tracer.trace("a"):
                1 / 0
        self.tracer.trace("b").set_error("out of stock").finish()
        with self.assertRaises(BadError):
            with self.tracer.trace("c"):
                raise BadError()
        a, b, c = (chunk[0] for chunk in self.chunks)
        self.assertEqual((1, "ZeroDivisionError", "division by zero"), (a["error"], a["meta"]["error.type"], a["meta"]["error.message"]))
        self.assertIn("1 / 0", a["meta"]["error.stack"])
        self.assertEqual((1, "out of stock"), (b["error"], b["meta"]["error.message"]))
        self.assertEqual((1, "<BadError without text>"), (c["error"], c["meta"]["error.message"]))

    def test_wrap(self):
        @self.tracer.wrap("named", service="s")
        def plain(x):
            return x + 1

        @self.tracer.wrap()
        async def waiting(x):
            await asyncio.sleep(0)
            return self.tracer.current_span().name

        @self.tracer.wrap("generated")
        def generated():
            yield self.tracer.current_span()
            yield 2

        self.assertEqual((2, "plain"), (plain(1), plain.__name__))
        self.assertIn("waiting", asyncio.run(waiting(1)))
        self.assertEqual([None, 2], list(generated()))
        self.assertEqual(["named", "generated"], [self.chunks[0][0]["name"], self.chunks[2][0]["name"]])

    def test_asyncio_tasks_do_not_mix(self):
        async def job(name):
            with self.tracer.trace(name) as span:
                for _ in range(3):
                    await asyncio.sleep(0)
                    self.assertIs(span, self.tracer.current_span())
                    with self.tracer.trace(name + " inside"):
                        await asyncio.sleep(0)

        async def both():
            await asyncio.gather(*(job(str(n)) for n in range(5)))

        asyncio.run(both())
        self.assertEqual(5, len(self.chunks))
        for chunk in self.chunks:
            self.assertEqual({chunk[0]["span_id"]}, {span["parent_id"] for span in chunk[1:]})
            self.assertEqual(1, len({span["name"][0] for span in chunk}))

    def test_threads_do_not_mix(self):
        barrier = threading.Barrier(8)

        def job():
            for _ in range(50):
                with self.tracer.trace("outer") as outer:
                    barrier.wait()
                    with self.tracer.trace("inner") as inner:
                        self.assertEqual(outer.span_id, inner.parent_id)

        threads = [threading.Thread(target=job) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([2] * 400, [len(chunk) for chunk in self.chunks])

    def test_a_long_trace_is_sent_in_parts(self):
        with self.tracer.trace("outer"):
            for _ in range(_span.PARTIAL_FLUSH_SPANS):
                self.tracer.trace("inner").finish()
            self.assertEqual([_span.PARTIAL_FLUSH_SPANS], [len(chunk) for chunk in self.chunks])
        early, last = self.chunks
        for chunk in self.chunks:
            self.assertIn("_dd.p.tid", chunk[0]["meta"])
            self.assertEqual(1, chunk[0]["metrics"]["_sampling_priority_v1"])
        self.assertNotIn("_dd.top_level", early[0]["metrics"], "its parent is of this process, only not sent yet")
        self.assertEqual("outer", last[0]["name"])

    def test_spans_that_end_in_the_wrong_order(self):
        outer = self.tracer.trace("outer")
        inner = self.tracer.trace("inner")
        outer.finish()
        self.assertIs(inner, self.tracer.current_span())
        inner.finish()
        self.assertIsNone(self.tracer.current_span())
        inner.finish()
        self.assertEqual([["outer", "inner"]], [[s["name"] for s in chunk] for chunk in self.chunks])

    def test_what_is_inherited_is_passed_on(self):
        context = TraceContext(2**64 + 5, 6, 2, "synthetics", {"_dd.p.dm": "-4"}, ("foo=1",))
        with self.tracer.start_span("a", parent=context):
            headers = self.tracer.inject()
        self.assertEqual(("5", "2", "synthetics"), tuple(headers["x-datadog-" + k] for k in ("trace-id", "sampling-priority", "origin")))
        self.assertTrue(headers["tracestate"].endswith(",foo=1"))
        self.assertEqual((6, "-4"), (self.chunks[0][0]["parent_id"], self.chunks[0][0]["meta"]["_dd.p.dm"]))

    def test_switched_off_nothing_is_sent(self):
        tracer = make_tracer(DD_TRACE_ENABLED="false")
        with tracer.trace("a"):
            pass
        self.assertEqual([], tracer.writer.chunks)


class BadText:
    def __str__(self):
        raise RuntimeError("no text")


class BadError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class WriterTest(unittest.TestCase):
    def setUp(self):
        self.agent = FakeAgent()
        self.addCleanup(self.agent.close)
        self.now = 0.0
        self.rates = []
        self.worker = IdleWorker(self)

    def make(self, url=None, queued_spans_max=100):
        client = AgentClient(url or self.agent.url, 2.0)
        self.writer = TraceWriter(client, self.worker, self.rates.append, queued_spans_max, dict)
        return make_tracer(self.writer)

    def test_what_is_put_arrives(self):
        tracer = self.make()
        tracer.trace("a").finish()
        tracer.trace("b").finish()
        self.assertEqual((0.25, 1), (self.writer.due(), self.worker.wakes))
        self.writer.run()
        headers, chunks = self.agent.payloads()[0]
        self.assertEqual(["a", "b"], [chunk[0]["name"] for chunk in chunks])
        self.assertEqual("2", headers["x-datadog-trace-count"])
        self.assertEqual("yes", headers["datadog-client-computed-top-level"])
        self.assertEqual([{"service:,env:": 1}], self.rates)
        self.assertTrue(self.writer.is_empty)
        self.assertEqual((2, 0, None), (self.writer.spans_sent, self.writer.spans_dropped, self.writer.due()))

    def test_a_full_queue_drops_and_counts(self):
        tracer = self.make(queued_spans_max=3)
        for _ in range(5):
            tracer.trace("a").finish()
        self.assertEqual((2, 2), (self.writer.spans_dropped_queue_full, self.writer.spans_dropped))
        self.writer.run()
        self.assertEqual(3, self.writer.spans_sent)

    def test_an_agent_that_is_away_gets_everything_later(self):
        tracer = self.make(url="http://127.0.0.1:1")
        tracer.trace("a").finish()
        waits = []
        for _ in range(5):
            self.writer.run()
            waits.append(self.writer.due() - self.now)
        self.assertEqual([1.0, 2.0, 4.0, 5.0, 5.0], waits)
        self.assertIn("ConnectionRefusedError", self.writer.last_error)
        self.writer._agent = AgentClient(self.agent.url, 2.0)
        self.writer.run()
        self.assertEqual((1, 0), (self.writer.spans_sent, self.writer.spans_dropped))

    def test_a_busy_agent_is_asked_again_and_a_refusal_is_counted(self):
        tracer = self.make()
        self.agent.status = 503
        tracer.trace("a").finish()
        self.writer.run()
        self.assertFalse(self.writer.is_empty)
        self.agent.status = 400
        self.writer.run()
        self.assertEqual((1, True), (self.writer.spans_dropped_refused, self.writer.is_empty))
        self.assertTrue(self.writer.last_error.startswith("the agent answered 400: "))

    def test_a_chunk_that_cannot_be_written_does_not_take_others_with_it(self):
        tracer = self.make()
        with tracer.trace("bad") as span:
            span.metrics["x"] = object()
        tracer.trace("good").finish()
        self.writer.run()
        self.assertEqual([["good"]], [[s["name"] for s in chunk] for chunk in self.agent.payloads()[0][1]])
        self.assertEqual((1, 1, True), (self.writer.spans_lost, self.writer.spans_sent, self.writer.is_empty))

    def test_large_payloads_are_split(self):
        tracer = self.make(queued_spans_max=10_000)
        for _ in range(100):
            with tracer.trace("a") as span:
                for n in range(5):
                    span.set_tag("t%d" % n, "x" * 24_000)
        self.writer.run()
        self.assertEqual(100, sum(len(chunks) for _, chunks in self.agent.payloads()))
        self.assertGreater(len(self.agent.payloads()), 1)

    def test_an_agent_that_is_none(self):
        with self.assertRaises(AgentUnreachable):
            AgentClient("http://127.0.0.1:1", 1).send("PUT", "/", b"", {})
        with self.assertRaises(AgentUnreachable):
            AgentClient("unix:///nowhere/apm.socket", 1).send("PUT", "/", b"", {})
        with self.assertRaises(AgentUnreachable):
            AgentClient("http://127.0.0.1:99999", 1).send("PUT", "/", b"", {})


class IdleWorker:
    def __init__(self, test):
        self._test = test
        self.wakes = 0

    def clock(self):
        return self._test.now

    def wake(self):
        self.wakes += 1


class WorkerTest(unittest.TestCase):
    def test_a_job_that_fails_does_not_end_the_thread(self):
        done = threading.Event()

        class Failing:
            def due(self):
                raise ValueError("a fault")

            close = due

        class Good:
            at = 0.0

            def due(self):
                return self.at

            def run(self):
                self.at = None
                done.set()

            def close(self):
                self.closed = True

        worker, good = Worker(), Good()
        worker.jobs = [Failing(), good]
        worker.wake()
        self.assertTrue(done.wait(10))
        self.assertTrue(worker.finish(10))
        self.assertTrue(good.closed)


class MsgpackTest(unittest.TestCase):
    def test_the_shortest_form_of_each_value(self):
        for value, hexes in (
            (None, "c0"), (True, "c3"), (False, "c2"), (0, "00"), (127, "7f"), (128, "cc80"), (256, "cd0100"),
            (65536, "ce00010000"), (2**64 - 1, "cfffffffffffffffff"), (-1, "ff"), (-33, "d0df"), (-129, "d1ff7f"),
            (-32769, "d2ffff7fff"), (-(2**63), "d38000000000000000"), (1.5, "cb3ff8000000000000"), ("a", "a161"),
            ([], "90"), ({}, "80"), (b"a", "c40161"), ("\ud800", "a13f"),
        ):  # fmt: skip
            self.assertEqual(hexes, _msgpack.pack(value).hex(), value)

    def test_what_is_written_is_read_back(self):
        chance = random.Random(11)

        def value(depth):
            kind = chance.randrange(8 if depth else 6)
            length = chance.choice((0, 1, 15, 16, 31, 32, 255, 256, 70_000 if depth == 3 else 300))
            if kind == 0:
                return chance.choice((None, True, False))
            if kind == 1:
                return chance.getrandbits(chance.randrange(1, 65))
            if kind == 2:
                return -chance.getrandbits(chance.randrange(1, 64))
            if kind == 3:
                return chance.uniform(-1e300, 1e300)
            if kind == 4:
                return "ä" * length
            if kind == 5:
                return bytes(length)
            if kind == 6:
                return [value(depth - 1) for _ in range(length % 40)]
            return {str(n): value(depth - 1) for n in range(length % 40)}

        for _ in range(200):
            written = value(3)
            self.assertEqual(written, unpack(_msgpack.pack(written)))
        self.assertEqual([0] * 70_000, unpack(_msgpack.pack([0] * 70_000)))
        self.assertTrue(math.isnan(unpack(_msgpack.pack(math.nan))))

    def test_what_cannot_be_written(self):
        self.assertRaises(TypeError, _msgpack.pack, object())
        self.assertRaises(OverflowError, _msgpack.pack, 2**64)


class SettingsTest(unittest.TestCase):
    def test_the_service_from_the_command(self):
        for argv, main, name in (
            (["flaskapp.py"], "", "flaskapp"),
            (["/srv/shop/flaskapp.py", "--x"], "", "flaskapp"),
            (["/usr/bin/flask", "--app", "shop", "run"], "", "shop"),
            (["/usr/bin/flask", "-A", "shop.wsgi:create()", "run"], "", "shop"),
            (["/usr/bin/flask", "--app=dir/hello.py:app", "run"], "", "hello"),
            (["/usr/bin/flask", "run"], "", "from_env"),
            (["/lib/flask/__main__.py", "--app", "shop", "run"], "flask.__main__", "shop"),
            (["/usr/bin/gunicorn", "-w", "4", "-b", "127.0.0.1:5000", "shop:app"], "", "shop"),
            (["/usr/bin/gunicorn", "-b", "localhost:5000", "shop.wsgi:create_app()"], "", "shop"),
            (["/usr/bin/gunicorn", "--bind", ":80", "shop"], "", "shop"),
            (["gunicorn"], "", "gunicorn"),
            (["/srv/shop/jobs.py"], "shop.jobs", "shop.jobs"),
            (["-c"], "", "python"),
            ([""], "", "python"),
            ([], "", "python"),
            (["manage.exe"], "", "manage"),
        ):
            self.assertEqual(name, guess_service(argv, main, "from_env:app"), argv)

    def test_what_names_the_service(self):
        self.assertEqual(("a", "env_var"), self.service(DD_SERVICE="a", DD_TAGS="service:b"))
        self.assertEqual(("b", "env_var"), self.service(DD_TAGS="service:b,x:y"))
        self.assertEqual(("c", "env_var"), self.service(OTEL_SERVICE_NAME="c"))
        self.assertEqual(("shop", "default"), self.service())

    @staticmethod
    def service(**env):
        settings = Settings(env, ["shop.py"])
        return settings.service, settings.service_origin

    def test_the_agents_address(self):
        for env, url in (
            ({}, "http://localhost:8126"),
            ({"DD_AGENT_HOST": "box"}, "http://box:8126"),
            ({"DD_AGENT_HOST": "::1", "DD_TRACE_AGENT_PORT": "9"}, "http://[::1]:9"),
            ({"DD_TRACE_AGENT_PORT": "nine"}, "http://localhost:8126"),
            ({"DD_TRACE_AGENT_URL": "http://a:1/", "DD_AGENT_HOST": "box"}, "http://a:1"),
            ({"DD_TRACE_AGENT_URL": "a:1"}, "http://a:1"),
            ({"DD_TRACE_AGENT_URL": "unix:///x.sock"}, "unix:///x.sock"),
        ):
            self.assertEqual(url, Settings(env, ["x.py"]).agent_url, env)

    def test_tags(self):
        self.assertEqual({"a": "b", "c": "d:e", "f": ""}, parse_tags("a:b, c:d:e,f"))
        self.assertEqual({"a": "b", "c": "d"}, parse_tags("a:b c:d"))

    def test_wrong_numbers_are_the_default(self):
        settings = Settings({"APM_QUEUED_SPANS_MAX": "many", "DD_TRACE_AGENT_TIMEOUT_SECONDS": "0"}, ["x.py"])
        self.assertEqual((10_000, 0.1), (settings.queued_spans_max, settings.agent_timeout_seconds))

    def test_every_setting_is_in_the_readme(self):
        folder = os.path.join(CLIENT, "apm_tracing")
        source = ""
        for name in ("_settings.py", "_quiet.py", "auto.py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                source += file.read()
        with open(os.path.join(CLIENT, "README.md"), encoding="utf-8") as file:
            readme = file.read()
        read = set(re.findall(r'"((?:DD|APM|OTEL)_[A-Z0-9_]+)"', source))
        table = set(re.findall(r"`((?:DD|APM|OTEL)_[A-Z0-9_]+)`", readme))
        self.assertEqual(set(), read ^ (table | {"APM_QUIET"}))


class SmallParts(unittest.TestCase):
    def test_redaction(self):
        for text, result in (
            ("http://user:pw@h/a?b=c&d=e#f", "http://h/a?b=<redacted>&d=<redacted>"),
            ("http://h/a", "http://h/a"),
            ("http://h/a?token", "http://h/a?<redacted>"),
            ("http://h/a?", "http://h/a?"),
            ("/a@b?c=d=e", "/a@b?c=<redacted>"),
        ):
            self.assertEqual(result, _redact.url(text), text)
        self.assertEqual("/user/?/x/?", _redact.path_shape("/user/123/x/a1b"))
        self.assertEqual("/", _redact.path_shape(""))

    def test_rates_decide_alike_everywhere(self):
        for trace_id, kept in (
            (1, (0.1, 0.25, 0.5, 0.9)), (2, (0.25, 0.5, 0.9)), (5, (0.5, 0.9)), (10, (0.9,)), (42, (0.9,)),
            (12345678901234567890, (0.25, 0.5, 0.9)), (6104482744123456789, (0.9,)), (18446744073709551615, ()),
        ):  # fmt: skip
            self.assertEqual(kept, tuple(r for r in (0.1, 0.25, 0.5, 0.9) if _sampler.keeps(trace_id, r)), trace_id)
        self.assertTrue(_sampler.keeps(18446744073709551615, 1))

    def test_rates_of_the_agent(self):
        tracer = make_tracer(DD_ENV="prod")
        tracer.sampler.update({"service:shop,env:prod": 0, "service:,env:": 1, "service:bad": "x"})
        with tracer.trace("a"):
            headers = tracer.inject()
        span = tracer.writer.chunks[0][0]
        self.assertEqual((0, 0), (span["metrics"]["_sampling_priority_v1"], span["metrics"]["_dd.agent_psr"]))
        self.assertEqual("0", headers["x-datadog-sampling-priority"])
        self.assertTrue(headers["traceparent"].endswith("-00"))


if __name__ == "__main__":
    unittest.main()
