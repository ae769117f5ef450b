using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Tests.Traces;
using Apm.Query.TraceQl;
using Apm.Query.Traces;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.TraceQl;

/// <summary>TraceQL through the engine.</summary>
public class TraceQlSearchTests
{
    [Fact]
    public void Finds_what_plain_loops_over_the_query_find() => Compare(queries => queries.Query());

    [Fact]
    public void A_set_behind_a_pipe_narrows_what_stood_before_it_numbers_included() => Compare(queries => queries.Pipeline());

    static void Compare(Func<RandomTraceQl, string> write)
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 2).Select(_ => TraceStructureTests.Forest(chance)).ToList();
            var text = write(new RandomTraceQl(chance));
            var clock = new FixedClock(Some.Hour.ToUnixNanos);
            var filter = TraceQlPlan.Of(text).Filter;

            var found = new TraceSearch(new BatchList(batches), clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter });
            var matches = new MatchesOfTraces(new BatchList(batches), clock).Read(Some.Hour, filter, [.. found.Traces.Select(trace => trace.TraceId)], limit: 100);
            var expected = PlainTraceQl.Search(TraceQlParser.Parse(text), [.. BruteForce.Spans(batches, Some.Hour, TraceFilter.Empty)]);

            var got = found.Traces.Zip(matches).ToDictionary(pair => pair.First.TraceId.Low, pair => string.Join(' ', pair.Second.Spans.Select(span => span.Id.Value).Order()));
            Assert.True(expected.Count == got.Count && expected.All(pair => got.GetValueOrDefault(pair.Key) == pair.Value), $"seed {seed}: {text} as {filter}:\n{Print(expected)}\nwas expected, found was\n{Print(got)}");
            Assert.Equal(found.Traces.Select(trace => (long)trace.MatchedSpanCount), matches.Select(match => match.Total));
        }, iter: 2_000);
    }

    static string Print(Dictionary<ulong, string> spans) => string.Join("; ", spans.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}"));
}
