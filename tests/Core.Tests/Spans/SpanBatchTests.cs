using Apm.Core.Ids;
using Apm.Core.Spans;
using CsCheck;

namespace Apm.Core.Tests.Spans;

public class SpanBatchTests
{
    /// <summary>Chunks that are kept hold the same spans with the same tags as before, in the same order.</summary>
    [Fact]
    public void Keeping_some_chunks_leaves_them_as_they_were() =>
        Gen.Select(Gen.Int[1, 5], Gen.Bool).List[0, 12].Sample(chunks =>
        {
            var batch = new SpanBatch(1);
            var expected = new List<Span>();
            var id = 0ul;
            foreach (var (count, keep) in chunks)
            {
                var first = batch.SpanCount;
                for (var i = 0; i < count; i++)
                {
                    var at = AddSpan(batch, ++id);
                    if (keep) expected.Add(batch.SpanAt(at));
                }
                batch.AddChunk(first, payload: 0, priority: keep ? 1 : 0);
            }

            batch.KeepChunks([.. chunks.Select(chunk => chunk.Item2)]);

            var actual = Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt).ToList();
            Assert.Equal(expected.Select(Line), actual.Select(Line));
            Assert.Equal(chunks.Where(chunk => chunk.Item2).Select(chunk => chunk.Item1), batch.Chunks.Select(chunk => chunk.SpanCount));
            Assert.All(batch.Chunks, chunk => Assert.Equal(1, chunk.Priority));
            var next = 0;
            foreach (var chunk in batch.Chunks)
            {
                Assert.Equal(next, chunk.FirstSpan);
                next += chunk.SpanCount;
            }

            AddSpan(batch, 1_000_000); // A batch that lost spans can go on growing.
            Assert.Equal(1_000_000ul, batch.SpanAt(batch.SpanCount - 1).Id.Value);
            Assert.Equal(expected.Select(Line), Enumerable.Range(0, batch.SpanCount - 1).Select(batch.SpanAt).Select(Line));
        });

    [Fact]
    public void The_end_of_a_span_saturates()
    {
        var batch = new SpanBatch();
        var i = batch.AddSpan();
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = (long.MaxValue - 1, 5);

        Assert.Equal(long.MaxValue, batch.EndUnixNanosOf(i));
    }

    [Fact]
    public void Tags_are_found_by_their_text()
    {
        var batch = new SpanBatch();
        AddSpan(batch, 3);

        Assert.Equal("v3", batch.TagOf(0, "k3"));
        Assert.Null(batch.TagOf(0, "absent"));
        Assert.Equal(3, batch.NumberOf(0, "n"));
        Assert.Null(batch.NumberOf(0, "k3"));
    }

    static int AddSpan(SpanBatch batch, ulong id)
    {
        var i = batch.AddSpan();
        var text = batch.Strings.Intern($"s{id % 7}");
        (batch.TraceIdHigh[i], batch.TraceIdLow[i], batch.SpanIds[i], batch.ParentIds[i]) = (id, id + 1, id, id / 2);
        (batch.StartUnixNanos[i], batch.DurationNanos[i]) = ((long)id * 10, (long)id);
        (batch.Services[i], batch.Names[i], batch.Resources[i], batch.Types[i], batch.Envs[i]) = (text, text, text, text, text);
        (batch.Kinds[i], batch.Flags[i]) = (SpanKind.Client, SpanFlags.Error);
        for (var tag = 0ul; tag < id % 4; tag++) batch.SetTag(batch.Strings.Intern($"k{id - tag}"), batch.Strings.Intern($"v{id - tag}"));
        batch.SetNumber(batch.Strings.Intern("n"), id);
        return i;
    }

    static string Line(Span span) =>
        $"{span.TraceId} {span.Id} {span.ParentId} {span.StartUnixNanos} {span.DurationNanos} {span.Service} {span.Name} {span.Resource} {span.Type} {span.Env} {span.Kind} {span.Flags} " +
        string.Join(' ', span.Tags.Select(tag => $"{tag.Key}={tag.Value}")) + string.Join(' ', span.Numbers.Select(tag => $"{tag.Key}={tag.Value}"));

    [Fact]
    public void A_span_that_would_end_behind_the_last_nanosecond_ends_with_it()
    {
        var span = new Span { TraceId = new TraceId(0, 1), Id = new SpanId(1), StartUnixNanos = long.MaxValue - 2, DurationNanos = 5, Service = "web", Name = "n", Resource = "r" };

        Assert.Equal(long.MaxValue, span.EndUnixNanos);
    }
}
