using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Time;
using Apm.TraceAgent.Intake;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>Reads lines and gives their samples to the aggregator; events and service checks wait for the next flush, since keeping them takes time that a receiver has not.</summary>
/// <remarks><see cref="Take"/> by any thread; <see cref="TakeWaiting"/> by that of the flush.</remarks>
sealed class DogStatsDIntake(DogStatsDAggregator aggregator, DogStatsDSettings settings, ContextNames names, MemoryAccount memory, Counters counters, SparseProblems problems, TimeProvider clock) : IDogStatsDIntake
{
    /// <summary>Most events and service checks that wait for a flush, which comes every second. Further ones are dropped, counted in <c>dogstatsd_events_dropped{queue_full}</c>.</summary>
    public const int MaxWaiting = 2_000;

    /// <summary>Memory of a waiting event for each byte of its line: its text as UTF-16, and again while it is unescaped.</summary>
    const int MemoryPerByte = 4;

    readonly Lock _lock = new();
    List<WaitingNews> _waiting = [];

    /// <inheritdoc/>
    public void Take(ReadOnlySpan<byte> packet, string transport)
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        counters.Add("dogstatsd_packets", transport);
        long metrics = 0, others = 0;
        foreach (var line in new DogStatsDLines(packet))
        {
            var kind = DogStatsDLines.KindOf(line);
            if (kind == DogStatsDLineKind.Metric)
            {
                if (MetricLineReader.TryRead(line, settings.TakesTimestamps, out var metric, out var fault))
                {
                    aggregator.Add(metric, now);
                    metrics++;
                }
                else Reject(line, fault);
            }
            else if (TakeNews(line, kind, now)) others++;
        }
        counters.Add("dogstatsd_lines", "metric", metrics);
        counters.Add("dogstatsd_lines", "event_or_check", others);
    }

    /// <summary>The events and service checks since the last call, in the order in which they came.</summary>
    public IReadOnlyList<WaitingNews> TakeWaiting()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0) return [];
            var taken = _waiting;
            _waiting = [];
            return taken;
        }
    }

    /// <summary>Gives back the memory of what was taken.</summary>
    public void Release(IReadOnlyList<WaitingNews> taken) => memory.Release(taken.Sum(static news => news.ReservedBytes));

    /// <summary>Counts a packet that was longer than the receiver reads.</summary>
    public void NoteCut(ReadOnlySpan<byte> packet, string transport)
    {
        counters.Add("dogstatsd_packets_cut", transport);
        if (problems.MayAdd())
            problems.AddAllowed($"A packet by {transport} is longer than {settings.MaxPacketBytes} bytes: of \"{LineText.Visible(packet, 60)}\" what is behind is lost. Have the client send smaller packets, or raise dogstatsd.max_packet_bytes.");
    }

    bool TakeNews(ReadOnlySpan<byte> line, DogStatsDLineKind kind, long nowUnixSeconds)
    {
        var reserved = (long)line.Length * MemoryPerByte + 500;
        EventRecord? happened = null;
        ServiceCheckRun? run = null;
        var isRight = kind == DogStatsDLineKind.Event ? EventLineReader.TryRead(line, nowUnixSeconds, out happened, out var fault) : ServiceCheckLineReader.TryRead(line, nowUnixSeconds, out run, out fault);
        if (!isRight)
        {
            Reject(line, fault);
            return false;
        }
        if (fault.Kind != LineFaultKind.None) Tell("dogstatsd_fields_ignored", line, fault);
        if (happened is not null)
        {
            var (host, tags) = names.Enriched(happened.Host, happened.Tags);
            happened = happened with { Host = host, Tags = tags };
        }
        if (run is not null)
        {
            var (host, tags) = names.Enriched(run.Host, run.Tags);
            run = run with { Host = host, Tags = tags };
        }
        lock (_lock)
        {
            if (_waiting.Count < MaxWaiting && memory.TryReserve(reserved))
            {
                _waiting.Add(new WaitingNews(happened, run, reserved));
                return true;
            }
        }
        counters.Add("dogstatsd_events_dropped", _waiting.Count >= MaxWaiting ? "queue_full" : "memory");
        return true;
    }

    void Reject(ReadOnlySpan<byte> line, LineFault fault) => Tell("dogstatsd_lines_rejected", line, fault);

    void Tell(string counter, ReadOnlySpan<byte> line, LineFault fault)
    {
        counters.Add(counter, fault.Reason);
        if (problems.MayAdd()) problems.AddAllowed(fault.Sentence(line));
    }
}

/// <summary>An event or the answer of a service check that waits for a flush; one of the two.</summary>
sealed record WaitingNews(EventRecord? Happened, ServiceCheckRun? Run, long ReservedBytes);
