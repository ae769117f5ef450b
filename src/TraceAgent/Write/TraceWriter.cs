using Apm.Core.Counting;
using Apm.TraceAgent.Intake;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Aggregate;

namespace Apm.TraceAgent.Write;

/// <summary>
/// Brings what was counted and kept to disk, and lets the log go that is no longer needed. A store that fails is tried
/// again at the next tick; what it could not take stays in memory and in the log.
/// </summary>
/// <remarks>One thread: the pipeline's loop.</remarks>
public sealed class TraceWriter(PipelineParts parts, StatsAggregator aggregator)
{
    /// <summary>How often statistics are checkpointed and the catalogue saved; default 10 s, the width of a bucket.</summary>
    public static TimeSpan CheckpointEvery { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Spans appended between two looks for a full block.</summary>
    const int SpansBetweenLooks = 4_096;

    readonly ITraceWriter _traces = parts.Traces;
    long _lastCheckpoint = parts.Clock.GetTimestamp();
    int _spansSinceLook;

    /// <summary>Makes a batch searchable, unless its block was stored before the restart.</summary>
    public void Append(SpanBatch batch, LogPosition position)
    {
        if (batch.SpanCount == 0 || position <= _traces.StoredUpTo) return;
        foreach (var (service, count) in CountByService(batch)) parts.Counters.Add("spans_stored", count: count, service: service);
        _traces.Append(batch, position);
        _spansSinceLook += batch.SpanCount;
    }

    /// <summary>Writes blocks that have become full; cheap when none has.</summary>
    public void WriteFullBlocks()
    {
        if (_spansSinceLook < SpansBetweenLooks) return;
        _spansSinceLook = 0;
        Try("trace store", () => _traces.Flush(everything: false));
    }

    /// <summary>Writes what is due: blocks at each call, statistics and catalogue every <see cref="CheckpointEvery"/>.</summary>
    public void WriteDue(bool everything)
    {
        Try("trace store", () => _traces.Flush(everything));
        if (!everything && parts.Clock.GetElapsedTime(_lastCheckpoint) < CheckpointEvery) return;
        _lastCheckpoint = parts.Clock.GetTimestamp();
        Try("statistics", WriteStatistics);
        Try("service catalogue", parts.Catalogue.Save);
        Try("log", () => parts.Log.Release(LogPosition.Min(_traces.StoredUpTo, _statisticsCovered)));
    }

    LogPosition _statisticsCovered;

    void WriteStatistics()
    {
        var checkpoint = aggregator.Checkpoint();
        parts.Stats.Write(checkpoint);
        aggregator.Confirm(checkpoint);
        _statisticsCovered = checkpoint.Covered;
    }

    void Try(string part, Action write)
    {
        try
        {
            write();
        }
        catch (StoreUnavailableException problem)
        {
            parts.Counters.Add("store_failures", part);
            parts.Problems.Add(part, problem.Message, parts.Clock.NowUnixNanos());
        }
    }

    static Dictionary<string, int> CountByService(SpanBatch batch)
    {
        var byIndex = new Dictionary<int, int>();
        for (var i = 0; i < batch.SpanCount; i++)
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(byIndex, batch.Services[i], out _)++;
        return byIndex.ToDictionary(pair => batch.Strings.Text(pair.Key), pair => pair.Value);
    }
}
