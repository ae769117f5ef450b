using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Matching;
using Apm.Query.Traces;
using Apm.Query.WholeTraces;

namespace Apm.Query.Tail;

/// <summary>Says of traces that are coming in whether conditions on whole traces hold, by all that is stored of them by then.</summary>
/// <remarks>Not thread-safe: one stream owns one.</remarks>
sealed class TailJudge(ITraceReader reader, TimeProvider clock, TraceFilter filter)
{
    /// <summary>Most spans that are gathered to judge traces at one time; default 200,000 (about 16 MB).</summary>
    public const int MaxJudgedSpans = 200_000;

    readonly TracePlan _plan = TracePlan.Of(filter.Root);

    /// <summary>Why a filter cannot be judged while traces come in, as a sentence; null when it can.</summary>
    public static string? RefusalOf(TraceFilter filter)
    {
        if (!filter.IsOfTrace) return null;
        var sets = TracePlan.Of(filter.Root).Sets.Count;
        return sets <= TracePlan.MaxSets ? null
            : string.Create(CultureInfo.InvariantCulture, $"The search has {sets} sets of spans; at most {TracePlan.MaxSets} are looked at. Simplify it.");
    }

    /// <summary>A test of spans: a trace without one that passes need not be judged.</summary>
    public BatchTest TestOf(SpanBatch batch) => FilterCompiler.Compile(_plan.Necessary.Count == 0 ? new AllOf([], default) : new AnyOf(_plan.Necessary, default), batch);

    /// <summary>Those of the traces for which the conditions hold now.</summary>
    /// <param name="traces">With the extent of what is known of each.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <returns>Their places in the table.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public IReadOnlySet<int> Matching(TraceTable traces, CancellationToken cancel)
    {
        List<int> all = [.. Enumerable.Range(0, traces.Count)];
        var rows = new TraceRows(_plan);
        foreach (var window in TraceSummaries.Windows(traces, all))
        {
            var scan = new MatchScan(reader, clock, window, TraceFilter.Empty) { TraceIds = [.. all.Select(at => traces[at].TraceId)] };
            scan.Run((batch, _, spans) =>
            {
                rows.Add(batch, spans, traces);
                if (rows.Count >= MaxJudgedSpans) scan.Stop($"There are more than {MaxJudgedSpans} spans.");
            }, cancel);
            if (rows.Count >= MaxJudgedSpans) break;
        }
        return new TraceEvaluation(_plan, filter.Root).Matching(rows).Traces.ToHashSet();
    }
}
