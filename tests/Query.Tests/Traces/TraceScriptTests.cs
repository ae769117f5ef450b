using System.Globalization;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Text;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

/// <summary>
/// Runs the scripts in <c>tests/QueryScripts/traces</c>: <c>load</c> draws traces, <c>eval QUERY</c> is followed by the traces and spans that
/// are expected, by groups, or by the error.
/// </summary>
public class TraceScriptTests
{
    static readonly FixedClock Clock = new(Some.Hour.ToUnixNanos);

    public static TheoryData<string> Scripts() => [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    static string Folder => Path.Combine(Fixtures.RepoRoot, "tests", "QueryScripts", "traces");

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Holds(string script)
    {
        var spans = new List<Span>();
        var lines = File.ReadAllLines(Path.Combine(Folder, script));
        var checks = 0;
        for (var at = 0; at < lines.Length;)
        {
            var first = at++;
            var block = new List<string>();
            while (at < lines.Length && lines[at].StartsWith(' ')) block.Add(lines[at++]);
            if (lines[first] == "load") spans = Load(block);
            else if (lines[first].StartsWith("eval ", StringComparison.Ordinal))
            {
                var expected = block.Select(line => line.Trim()).ToList();
                var actual = Evaluate(lines[first]["eval ".Length..], spans);
                Assert.True(expected.SequenceEqual(actual), $"{script}, line {first + 1}: {lines[first]}\nexpected\n{string.Join('\n', expected)}\nbut got\n{string.Join('\n', actual)}");
                checks++;
            }
        }
        Assert.True(checks > 0, $"{script} evaluates nothing.");
    }

    /// <summary>Trace n starts n seconds after the hour.</summary>
    static List<Span> Load(List<string> block)
    {
        var spans = new List<Span>();
        for (var at = 0; at < block.Count;)
        {
            var number = ulong.Parse(block[at++].Trim()["trace ".Length..], CultureInfo.InvariantCulture);
            var drawing = new List<string>();
            while (at < block.Count && !block[at].TrimStart().StartsWith("trace ", StringComparison.Ordinal)) drawing.Add(block[at++]);
            spans.AddRange(Some.Trace(string.Join('\n', drawing), number, (long)number * Some.Second));
        }
        return spans;
    }

    static List<string> Evaluate(string line, List<Span> spans)
    {
        var reader = new BatchList(Some.Batch(spans));
        var (query, compute) = Cut(line, " compute ");
        (query, var by) = Cut(query, " by ");
        try
        {
            var filter = TraceFilterParser.Parse(query);
            if (by is not null) return Groups(reader, filter, by, compute);
            var result = new TraceSearch(reader, Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter });
            Assert.True(result.IsComplete);
            return [string.Join(' ', result.Traces.Select(trace => trace.TraceId.Low.ToString(CultureInfo.InvariantCulture)).Prepend("traces")), $"spans {result.MatchedSpanCount}"];
        }
        catch (QueryTextException wrong)
        {
            return [$"error at column {wrong.At.Column}: {wrong.Message}"];
        }
    }

    static List<string> Groups(BatchList reader, TraceFilter filter, string by, string? compute)
    {
        var number = new SpanCompute(SpanFunction.Count);
        if (compute is not null)
        {
            var open = compute.IndexOf('(', StringComparison.Ordinal);
            number = new SpanCompute(Enum.Parse<SpanFunction>(compute[..open], ignoreCase: true), SpanField.Parse(compute[(open + 1)..^1]));
        }
        var result = new SpanAggregation(reader, Clock).Aggregate(new SpanAggregationRequest { Range = Some.Hour, Filter = filter, Computes = [number], GroupBy = [new SpanGroupBy(SpanField.Parse(by))] });
        return [.. result.Groups.Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Values[0]} {group.Numbers[0]}"))];
    }

    static (string Before, string? After) Cut(string text, string at)
    {
        var found = text.LastIndexOf(at, StringComparison.Ordinal);
        return found < 0 ? (text, null) : (text[..found], text[(found + at.Length)..]);
    }
}
