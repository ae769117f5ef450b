using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// After a restart, or when the samplers begin to decide after a time in which everything was kept, nobody remembers what became of a
/// trace whose later spans come: then the store's filters say whether it holds earlier ones. Only asked of parts without a root, in the first minutes.
/// </summary>
sealed class StoredTraces(ITraceReader traces, TimeProvider clock)
{
    /// <summary>How long it is asked, and how far back it looks: traces seldom last longer.</summary>
    static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    long _startedAt = clock.GetTimestamp();

    /// <summary>From here on decisions are remembered, but not those before.</summary>
    public void BeginAgain() => _startedAt = clock.GetTimestamp();

    public bool Holds(in SampleRequest asked)
    {
        if (asked.Batch.ParentIds[asked.Root] == 0 || clock.GetElapsedTime(_startedAt) > Horizon) return false;
        var now = clock.NowUnixNanos();
        var scan = new SpanScan { TraceId = new TraceId(asked.TraceIdHigh, asked.TraceIdLow), Range = new TimeRange(now - Horizon.Ticks * 100, long.MaxValue) };
        return traces.Parts(scan).Count > 0;
    }
}
