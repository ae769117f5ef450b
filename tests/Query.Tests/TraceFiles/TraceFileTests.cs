using System.Text;
using Apm.Core.Spans;
using Apm.Query.TraceFiles;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.TraceFiles;

public class TraceFileTests
{
    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        var tree = Tree(
            Some.Span(id: 1, traceHigh: 7, durationNanos: 100, isError: true, kind: SpanKind.Server, tags: [("note", "a \"quoted\" <b>"), ("events", """[{"name":"e","time_unix_nano":5}]""")], numbers: [("n", 1.5), ("odd", double.NaN)]),
            Some.Span(id: 2, traceHigh: 7, parent: 1, startNanos: 5, flags: SpanFlags.Partial | SpanFlags.Measured | SpanFlags.None.With(SampleVerdict.KeepRare)),
            Some.Span(id: 3, traceHigh: 7, parent: 77, service: "ünïcode"));

        var back = TraceFileReader.Read(Written(tree));

        Assert.Equal(Described(tree), Described(back));
        Assert.Equal(tree.TraceId, back.TraceId);
    }

    [Fact]
    public void Secrets_do_not_leave() =>
        Assert.DoesNotContain("hunter2", Encoding.UTF8.GetString(Written(Tree(Some.Span(resource: "GET /?token=hunter2", tags: [("db.password", "hunter2"), ("http.url", "http://joe:hunter2@shop/")])))), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "The file is no JSON: line 1, byte 0. Was it cut off on its way? Export the trace again.")]
    [InlineData("""{"resourceSpans":[]}""", "The file has no \"format\": \"apm-trace\". Only traces that Apm exported can be shown; send others to the receiver of their protocol.")]
    [InlineData("""{"format":"apm-trace"}""", "The file does not say its \"version\".")]
    [InlineData("""{"format":"apm-trace","version":2}""", "The file has version 2; this Apm reads up to 1. Open it with a newer one.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[]}""", "The file holds no spans.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[7]}""", "spans[0] is no object.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[{"trace_id":"x"}]}""", "spans[0].trace_id is no trace id: 32 or 16 hex digits are.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[{"trace_id":"1111111111111111","span_id":"2222222222222222","start_unix_nanos":-1}]}""", "spans[0].start_unix_nanos is no whole number of nanoseconds from 0 on.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[{"trace_id":"1111111111111111","span_id":"2222222222222222","start_unix_nanos":1,"duration_nanos":1,"tags":{"a":1}}]}""", "spans[0].tags has a value that is no text.")]
    [InlineData("""{"format":"apm-trace","version":1,"spans":[{"trace_id":"1111111111111111","span_id":"2222222222222222","start_unix_nanos":1,"duration_nanos":1},{"trace_id":"3333333333333333","span_id":"2222222222222222","start_unix_nanos":1,"duration_nanos":1}]}""",
        "spans[1] is of trace 3333333333333333, the ones before it of 1111111111111111. A file holds one trace.")]
    public void What_is_no_trace_is_refused_with_where_and_what(string file, string says) =>
        Assert.Equal(says, Assert.Throws<TraceFileException>(() => TraceFileReader.Read(Encoding.UTF8.GetBytes(file))).Message);

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        var whole = Written(Tree(Some.Span(id: 1, tags: [("a", "b")], numbers: [("n", 1)]), Some.Span(id: 2, parent: 1)));
        var chance = new Random(7);
        for (var round = 0; round < 3000; round++)
        {
            var bytes = whole.ToArray();
            for (var i = chance.Next(1, 4); i > 0; i--) bytes[chance.Next(bytes.Length)] = (byte)chance.Next(256);
            try
            {
                Assert.NotNull(TraceFileReader.Read(bytes.AsMemory(0, chance.Next(4) == 0 ? chance.Next(bytes.Length) : bytes.Length)));
            }
            catch (TraceFileException problem)
            {
                Assert.NotEmpty(problem.Message);
            }
        }
    }

    static byte[] Written(TraceTree tree)
    {
        using var stream = new MemoryStream();
        TraceFile.Write(stream, tree);
        return stream.ToArray();
    }

    static IReadOnlyList<string> Described(TraceTree tree) => SpanBatches.Describe(tree.Nodes.Select(node => node.ReadSpan()).OfType<Span>());
    static TraceTree Tree(params Span[] spans) => new TraceLookup(new BatchList(Some.Batch(spans))).Read(spans[0].TraceId)!;
}
