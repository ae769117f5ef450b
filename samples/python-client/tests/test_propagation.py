"""Trace headers, by the vectors of the formats."""

import unittest

import support  # noqa: F401  (finds the package)

from apm_tracing._context import TraceContext
from apm_tracing._propagation import extract, inject

TRACE = "00-11111111111111110000000000000001-000000000000000f-"


class DatadogHeaders(unittest.TestCase):
    def read(self, **headers):
        return extract({"x-datadog-" + key.replace("_", "-"): value for key, value in headers.items()})

    def test_all_headers(self):
        context = self.read(
            trace_id="1", parent_id="2", sampling_priority="-1", origin="rum",
            tags="_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4,other=x,_dd.p.upstream_services=y,_dd.p.usr.id=baz64==",
        )  # fmt: skip
        self.assertEqual((0x640CFD8D00000000 << 64 | 1, 2, -1, "rum"), (context.trace_id, context.span_id, context.priority, context.origin))
        self.assertEqual({"_dd.p.dm": "-4", "_dd.p.usr.id": "baz64=="}, context.tags)

    def test_trace_ids_that_are_none(self):
        for wrong in ("0", "-1", "abc", "", "18446744073709551616", "1.5", "٣", "9" * 30):
            self.assertIsNone(self.read(trace_id=wrong), wrong)
        self.assertEqual(2**64 - 1, self.read(trace_id="18446744073709551615").trace_id)

    def test_what_may_be_absent(self):
        context = self.read(trace_id="7")
        self.assertEqual((0, None, None, {}), (context.span_id, context.priority, context.origin, context.tags))

    def test_wrong_tags_are_told(self):
        for text, error, tags in (
            ("_dd.p.a=" + "x" * 510, "extract_max_size", {}),
            ("_dd.p.a=", "decoding_error", {}),
            ("=b", "decoding_error", {}),
            ("_dd.p.a=ä", "decoding_error", {}),
            ("_dd.p.dm=4,_dd.p.a=b", "decoding_error", {"_dd.p.a": "b"}),
            ("_dd.p.dm=-256", "decoding_error", {}),
            ("_dd.p.tid=640CFD8D00000000", "malformed_tid 640CFD8D00000000", {}),
            ("_dd.p.tid=0000000000000000", "malformed_tid 0000000000000000", {}),
            ("_dd.p.a= b=c ", None, {"_dd.p.a": "b=c"}),
        ):
            context = self.read(trace_id="7", tags=text)
            self.assertEqual((error, tags), (context.error, context.tags), text)

    def test_tags_that_cannot_be_written(self):
        self.assertEqual("inject_max_size", inject(TraceContext(1, 2, 1, tags={"_dd.p.a": "x" * 512}))[1])
        self.assertEqual("encoding_error", inject(TraceContext(1, 2, 1, tags={"_dd.p.a": "ä"}))[1])
        headers, error = inject(TraceContext(1 << 64 | 1, 2, 1), tags_chars_max=0)
        self.assertEqual("disabled", error)
        self.assertNotIn("x-datadog-tags", headers)


class W3cHeaders(unittest.TestCase):
    def read(self, traceparent, tracestate=None):
        return extract({"traceparent": traceparent, "tracestate": tracestate})

    def test_traceparents(self):
        good = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
        for text, valid in (
            ("00-%s-01" % good, True),
            (" 00-%s-01 " % good, True),
            ("01-%s-01-more" % good, True),
            ("01-%s-01more" % good, False),
            ("00-%s-01-more" % good, False),
            ("ff-%s-01" % good, False),
            ("00-%s-01" % good.upper(), False),
            ("00-%s-00f067aa0ba902b7-01" % ("0" * 32), False),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-%s-01" % ("0" * 16), False),
            ("00-%s" % good, False),
            ("", False),
        ):
            self.assertEqual(valid, self.read(text) is not None, text)

    def test_the_priority_from_flag_and_state(self):
        for flag, state, priority in (
            ("01", None, 1), ("01", "dd=s:-1", 1), ("01", "dd=s:0", 1), ("01", "dd=s:2", 2),
            ("00", None, 0), ("00", "dd=s:-1", -1), ("00", "dd=s:0", 0), ("00", "dd=s:2", 0),
            ("01", "dd=o:rum", None), ("03", "dd=s:x", 1),
        ):  # fmt: skip
            self.assertEqual(priority, self.read(TRACE + flag, state).priority, (flag, state))

    def test_a_forced_decision_replaces_its_maker(self):
        context = self.read(TRACE + "01", "dd=s:-1;t.dm:-4;t.usr.id:baz64~~,foo=1")
        self.assertEqual((1, {"_dd.p.dm": "-0", "_dd.p.usr.id": "baz64=="}), (context.priority, context.tags))
        self.assertEqual(("foo=1",), context.tracestate)
        context = self.read(TRACE + "00", "dd=s:2;t.dm:-4;t.usr.id:baz64~~;t.url:http://localhost")
        self.assertEqual((0, {"_dd.p.usr.id": "baz64==", "_dd.p.url": "http://localhost"}), (context.priority, context.tags))

    def test_a_malformed_member_of_ours_is_ignored_and_the_others_pass(self):
        context = self.read(TRACE + "01", "dd=nonsense,foo=1")
        self.assertEqual((1, {}, ("foo=1",)), (context.priority, context.tags, context.tracestate))
        self.assertEqual((), self.read(TRACE + "01", "foo=ü").tracestate)

    def test_what_is_written(self):
        context = TraceContext(
            0x640CFD8D << 96 | 1, 0xF, 2, "synthetics~;=web,z",
            {"_dd.p.dm": "-4", "_dd.p.usr.id": "baz64==", "_dd.p.url": "http://localhost"}, ("foo=1",),
        )  # fmt: skip
        headers, error = inject(context)
        self.assertIsNone(error)
        self.assertEqual("00-640cfd8d000000000000000000000001-000000000000000f-01", headers["traceparent"])
        self.assertEqual(
            "dd=p:000000000000000f;s:2;o:synthetics__~web_z;t.dm:-4;t.usr.id:baz64~~;t.url:http://localhost,foo=1",
            headers["tracestate"],
        )
        self.assertEqual(
            "_dd.p.dm=-4,_dd.p.usr.id=baz64==,_dd.p.url=http://localhost,_dd.p.tid=640cfd8d00000000", headers["x-datadog-tags"]
        )
        dropped = inject(TraceContext(1, 2, -1))[0]
        self.assertTrue(dropped["traceparent"].endswith("-00"))
        self.assertIn("s:-1", dropped["tracestate"])

    def test_members_of_others_keep_their_order_and_number(self):
        others = ["v%d=%d" % (n, n) for n in range(32)]
        context = self.read(TRACE + "01", ",".join(others[:31]) + ",dd=s:1")
        written = inject(context)[0]["tracestate"].split(",")
        self.assertEqual(others[:31], written[1:])
        context = self.read(TRACE + "01", ",".join(others))
        self.assertEqual(others[:31], inject(context)[0]["tracestate"].split(",")[1:])


class BothFormats(unittest.TestCase):
    def test_the_same_trace_takes_the_state_and_the_nearer_parent(self):
        context = extract({
            "x-datadog-trace-id": "1", "x-datadog-parent-id": "10", "x-datadog-sampling-priority": "2",
            "x-datadog-tags": "_dd.p.tid=1111111111111111",
            "traceparent": TRACE + "01", "tracestate": "dd=s:2;p:000000000000000b,foo=1",
        })  # fmt: skip
        self.assertEqual((0x1111111111111111 << 64 | 1, 15, 2), (context.trace_id, context.span_id, context.priority))
        self.assertEqual(("foo=1",), context.tracestate)
        self.assertEqual("000000000000000b", context.last_datadog_parent)
        self.assertEqual([], context.links)

    def test_without_a_p_the_datadog_parent_is_remembered(self):
        context = extract({"x-datadog-trace-id": "1", "x-datadog-parent-id": "10", "traceparent": TRACE + "01"})
        self.assertEqual((15, "000000000000000a"), (context.span_id, context.last_datadog_parent))
        self.assertEqual(0x1111111111111111, context.trace_id >> 64, "64 bits are completed")

    def test_another_trace_becomes_a_link(self):
        context = extract({"x-datadog-trace-id": "2", "x-datadog-parent-id": "10", "traceparent": TRACE + "01", "tracestate": "foo=1"})
        self.assertEqual((2, 10), (context.trace_id, context.span_id))
        self.assertEqual(
            [{
                "trace_id": 1, "trace_id_high": 0x1111111111111111, "span_id": 15, "tracestate": "foo=1",
                "flags": 0x80000001,
                "attributes": {"reason": "terminated_context", "context_headers": "tracecontext"},
            }],
            [link.wire() for link in context.links],
        )  # fmt: skip

    def test_a_wrong_datadog_header_leaves_the_other(self):
        self.assertEqual(15, extract({"x-datadog-trace-id": "x", "traceparent": TRACE + "01"}).span_id)

    def test_baggage(self):
        context = extract({"traceparent": TRACE + "01", "baggage": "user.id=a%20b , k=v;property"})
        self.assertEqual({"user.id": "a b", "k": "v"}, context.baggage)
        self.assertEqual({}, extract({"traceparent": TRACE + "01", "baggage": "a=1,b"}).baggage)
        context.priority = 1
        self.assertEqual("user.id=a%20b,k=v", inject(context)[0]["baggage"])
        context.baggage = {str(n): "v" for n in range(100)}
        self.assertEqual(64, len(inject(context)[0]["baggage"].split(",")))


if __name__ == "__main__":
    unittest.main()
