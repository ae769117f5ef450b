using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.TestKit;
using CsCheck;

namespace Apm.Wire.Tests.Datadog;

/// <summary>Whatever the encoders write, the decoders read back.</summary>
public class RoundTripTests
{
    static readonly string[] Words = ["", "web", "GET /", "a", "é", new string('x', 40), new string('y', 300)];

    static readonly Gen<string> Text = Gen.OneOf(Gen.Int[0, 6].Select(i => Words[i]), Gen.String[Gen.Char['a', 'f'], 0, 4]);

    static readonly Gen<Span> OneSpan =
        from ids in Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong)
        from times in Gen.Select(Gen.Long, Gen.Long)
        from texts in Gen.Select(Text, Text, Text, Text)
        from tags in Gen.Dictionary(Text, Text)[0, 40]
        from numbers in Gen.Dictionary(Text, Gen.Double)[0, 40]
        from failed in Gen.Bool
        select new Span
        {
            TraceId = new TraceId(0, ids.Item1),
            Id = new SpanId(ids.Item2),
            ParentId = new SpanId(ids.Item3),
            StartUnixNanos = times.Item1,
            DurationNanos = times.Item2,
            Service = texts.Item1,
            Name = texts.Item2,
            Resource = texts.Item3,
            Type = texts.Item4,
            Tags = tags,
            Numbers = numbers,
            Flags = failed ? SpanFlags.Error : SpanFlags.None,
        };

    [Fact]
    public void V04() => Check("v0.4", DatadogV04Encoder.Encode);

    [Fact]
    public void V05() => Check("v0.5", DatadogV05Encoder.Encode);

    static void Check(string route, Func<IReadOnlyList<IReadOnlyList<Span>>, byte[]> encode) =>
        OneSpan.List[1, 4].List[0, 6].Sample(traces =>
        {
            var batch = Decoding.Decode(route, encode([.. traces]));

            Assert.Equal(traces.Select(trace => trace.Count), batch.Chunks.Select(chunk => chunk.SpanCount));
            var i = 0;
            foreach (var expected in traces.SelectMany(trace => trace))
            {
                var actual = batch.SpanAt(i++);
                Assert.Equal(expected with { Tags = actual.Tags, Numbers = actual.Numbers }, actual);
                Assert.Equal(expected.Tags, actual.Tags);
                Assert.Equal(expected.Numbers, actual.Numbers);
            }
        }, iter: 300);
}
