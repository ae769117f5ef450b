using System.Buffers;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Account;

/// <summary>How many spans of a payload are of which service and met which verdict: counted once, on the request's thread, before anything is taken out.</summary>
/// <remarks>Runs of equal services are counted together, and a service's name is looked at once per payload: nothing is hashed or made per span.</remarks>
public sealed class LedgerTally
{
    readonly List<Line> _lines = [];

    LedgerTally(long receivedUnixNanos, IReadOnlyList<SpanRejection> rejections)
    {
        ReceivedUnixNanos = receivedUnixNanos;
        Rejections = rejections;
    }

    /// <summary>When the payload came: it decides the minute, so that a replay of the log enters the same one.</summary>
    public long ReceivedUnixNanos { get; }

    /// <summary>What the payload held besides, and was not accepted.</summary>
    public IReadOnlyList<SpanRejection> Rejections { get; }

    public IReadOnlyList<Line> Lines => _lines;

    /// <summary>Spans of all lines; rejected ones are not among them.</summary>
    public long SpanCount { get; private set; }

    /// <summary>Counts a batch as it is.</summary>
    /// <param name="batch">Normalised, so that a service has one name everywhere; its chunks cover all spans.</param>
    public static LedgerTally Of(SpanBatch batch, long receivedUnixNanos, IReadOnlyList<SpanRejection> rejections)
    {
        var tally = new LedgerTally(receivedUnixNanos, rejections);
        if (batch.SpanCount == 0) return tally;
        var firstLines = ArrayPool<int>.Shared.Rent(batch.Strings.Count); // By service; 0 for none.
        firstLines.AsSpan(0, batch.Strings.Count).Clear();
        foreach (var chunk in batch.Chunks)
        {
            var end = chunk.FirstSpan + chunk.SpanCount;
            for (var i = chunk.FirstSpan; i < end;)
            {
                var from = i;
                var service = batch.Services[i];
                while (++i < end && batch.Services[i] == service)
                {
                    // Spans of one service mostly stand together.
                }
                tally.LineOf(firstLines, service, chunk.Verdict, batch.Strings).SpanCount += i - from;
                tally.SpanCount += i - from;
            }
        }
        ArrayPool<int>.Shared.Return(firstLines);
        return tally;
    }

    /// <summary>Spans of a kept chunk that are not stored all the same, such as those that no single-span rule marked.</summary>
    /// <param name="service">Their service.</param>
    /// <param name="keptBy">The verdict of their chunk.</param>
    /// <param name="rule">The rule that leaves them out.</param>
    public void TakeOut(string service, SampleVerdict keptBy, string rule, long spanCount)
    {
        var line = _lines.Find(line => line.Verdict == keptBy && line.Service == service);
        Invariant.Holds(line is not null);
        var takenOut = line!.TakenOut ??= new(StringComparer.Ordinal);
        Invariant.Holds(line.SpanCount - takenOut.Values.Sum() >= spanCount);
        takenOut[rule] = takenOut.GetValueOrDefault(rule) + spanCount;
    }

    Line LineOf(int[] firstLines, int service, SampleVerdict verdict, StringTable strings)
    {
        for (var at = firstLines[service]; at != 0; at = _lines[at - 1].Next)
            if (_lines[at - 1].Verdict == verdict) return _lines[at - 1];
        var line = new Line(strings.Text(service), verdict) { Next = firstLines[service] };
        _lines.Add(line);
        firstLines[service] = _lines.Count;
        return line;
    }

    /// <summary>The spans of one service that met one verdict.</summary>
    public sealed class Line(string service, SampleVerdict verdict)
    {
        public string Service { get; } = service;
        public SampleVerdict Verdict { get; } = verdict;
        public long SpanCount { get; internal set; }

        /// <summary>Spans of it that are not stored although its chunk is, by rule; null when there are none.</summary>
        internal Dictionary<string, long>? TakenOut { get; set; }

        /// <summary>Under which service they wait; null when they do not.</summary>
        internal string? WaitsUnder { get; set; }
        internal int Next { get; init; }
    }
}
