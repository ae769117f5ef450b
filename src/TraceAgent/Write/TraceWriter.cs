using Apm.Core.Counting;
using Apm.TraceAgent.Intake;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Errors;

namespace Apm.TraceAgent.Write;

/// <summary>
/// Brings what was counted and kept to disk, and lets the log go that is no longer needed. A store that fails is tried
/// again at the next tick; what it could not take stays in memory and in the log.
/// </summary>
/// <remarks>One thread: the pipeline's loop.</remarks>
public sealed class TraceWriter(PipelineParts parts, StatsAggregator aggregator, SpanLedger ledger, IssueBook issues)
{
    /// <summary>How often statistics are checkpointed and the catalogue saved; default 10 s, the width of a bucket.</summary>
    public static TimeSpan CheckpointEvery { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The same while the log is more than half full; 1 s. A small storage budget has a small log.</summary>
    public static TimeSpan CheckpointWhenLogFillsEvery { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Spans appended between two looks for a full block.</summary>
    const int SpansBetweenLooks = 4_096;

    readonly ITraceWriter _traces = parts.Traces;
    long _lastCheckpoint = parts.Clock.GetTimestamp();
    int _spansSinceLook;
    long _spansSinceGoodFlush;
    volatile string _lastProblem = "";

    /// <summary>Spans made searchable since the store last took what was due; grows while the store fails. Any thread may ask.</summary>
    public long SpansSinceGoodFlush => Interlocked.Read(ref _spansSinceGoodFlush);

    /// <summary>Why the trace store could not be written the last time; "" when it always could. Any thread may ask.</summary>
    public string LastProblem => _lastProblem;

    /// <summary>Makes a batch searchable, unless its block was stored before the restart.</summary>
    /// <remarks>An empty one, of which sampling kept nothing, moves the store's position all the same: else the log could not be let go.</remarks>
    public void Append(SpanBatch batch, LogPosition position)
    {
        if (position <= _traces.StoredUpTo) return;
        _traces.Append(batch, position);
        parts.Tail?.Offer(batch);
        _spansSinceLook += batch.SpanCount;
        Interlocked.Add(ref _spansSinceGoodFlush, batch.SpanCount);
    }

    /// <summary>Writes blocks that have become full; cheap when none has.</summary>
    public void WriteFullBlocks()
    {
        if (_spansSinceLook < SpansBetweenLooks) return;
        _spansSinceLook = 0;
        if (LogFills) WriteDue(everything: false);
        else FlushTraces(everything: false);
    }

    /// <summary>The log is half full, so that it must be let go sooner than usual; once a second at most.</summary>
    bool LogFills => parts.Log.ByteCount > parts.Log.MaxByteCount / 2 && parts.Clock.GetElapsedTime(_lastCheckpoint) >= CheckpointWhenLogFillsEvery;

    /// <summary>Writes what is due: blocks at each call, statistics, catalogue and endpoint names every <see cref="CheckpointEvery"/>.</summary>
    public void WriteDue(bool everything)
    {
        var logFills = LogFills;
        FlushTraces(everything || logFills);
        if (!everything && !logFills && parts.Clock.GetElapsedTime(_lastCheckpoint) < CheckpointEvery) return;
        _lastCheckpoint = parts.Clock.GetTimestamp();
        Try("error issues", issues.Save); // Before the statistics, whose checkpoint has their totals.
        Try("statistics", WriteStatistics);
        Try("service catalogue", parts.Catalogue.Save);
        if (parts.Endpoints is { } endpoints) Try("endpoint names", () => endpoints.Save(everything));
        if (parts.Fates is { } fates) Try("fates", fates.Flush); // Before the log goes: a replay notes them again.
        Try("log", () => parts.Log.Release(LogPosition.Min(_traces.StoredUpTo, _statisticsCovered)));
    }

    LogPosition _statisticsCovered;

    void WriteStatistics()
    {
        var checkpoint = aggregator.Checkpoint() with { Ledger = ledger.Checkpoint(), Issues = issues.Checkpoint() };
        parts.Stats.Write(checkpoint);
        aggregator.Confirm(checkpoint);
        ledger.Confirm(checkpoint.Ledger);
        _statisticsCovered = checkpoint.Covered;
    }

    void FlushTraces(bool everything)
    {
        if (Try("trace store", () => _traces.Flush(everything))) Interlocked.Exchange(ref _spansSinceGoodFlush, 0);
    }

    /// <summary>False when it failed. Whatever the reason, the loop goes on: what could not be written is tried again.</summary>
    bool Try(string part, Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception problem)
        {
            var sentence = problem is StoreUnavailableException ? problem.Message : $"A fault of Apm: {problem.GetType().Name}: {problem.Message} Please report it.";
            _lastProblem = sentence;
            parts.Counters.Add("store_failures", part);
            parts.Problems.Add(part, sentence, parts.Clock.NowUnixNanos());
            return false;
        }
    }
}
