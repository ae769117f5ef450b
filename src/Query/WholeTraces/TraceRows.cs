using Apm.Core.Spans;
using Apm.Query.Matching;

namespace Apm.Query.WholeTraces;

/// <summary>One span of a trace that is judged: all that conditions on whole traces look at.</summary>
struct TraceRow
{
    public int Trace;
    public ulong SpanId;
    public ulong ParentId;
    public long StartUnixNanos;
    public long EndUnixNanos;
    public long DurationNanos;
    public ulong ServiceHash;

    /// <summary>Bit i: condition i of <see cref="TracePlan.Sets"/> holds.</summary>
    public ulong Sets;

    /// <summary>Fingerprint, as in <see cref="SpanSet"/>.</summary>
    public ulong Print;

    /// <summary>Place in the columns of measures.</summary>
    public int Index;
    public bool IsError;

    /// <summary>The side of a call that is called: of two spans with one id it hangs beneath the other.</summary>
    public bool IsCalled;
}

/// <summary>Spans of traces that are judged. Not thread-safe.</summary>
sealed class TraceRows(TracePlan plan)
{
    readonly List<TraceRow> _rows = [];
    readonly List<double>[] _measures = [.. plan.Measures.Select(_ => new List<double>())];
    readonly ServiceHashes _services = new();

    public int Count => _rows.Count;

    public void Add(SpanBatch batch, ReadOnlySpan<int> spans, TraceTable traces)
    {
        var tests = plan.Sets.Select(condition => FilterCompiler.Compile(condition, batch)).ToArray();
        var readers = plan.Measures.Select(measure => FieldReader.Of(measure, batch)).ToArray();
        foreach (var span in spans)
        {
            var sets = 0UL;
            for (var i = 0; i < tests.Length; i++) if (tests[i].Test(span)) sets |= 1UL << i;
            for (var i = 0; i < readers.Length; i++) _measures[i].Add(readers[i].TryNumber(span, out var number) ? number : double.NaN);
            var service = _services.Of(batch, span);
            _rows.Add(new TraceRow
            {
                Trace = traces.Find(batch.TraceIdHigh[span], batch.TraceIdLow[span]),
                SpanId = batch.SpanIds[span],
                ParentId = batch.ParentIds[span],
                StartUnixNanos = batch.StartUnixNanos[span],
                EndUnixNanos = batch.EndUnixNanosOf(span),
                DurationNanos = batch.DurationNanos[span],
                ServiceHash = service,
                Sets = sets,
                Print = SpanSet.PrintOf(batch.TraceIdLow[span], batch.SpanIds[span], service),
                Index = _rows.Count,
                IsError = (batch.Flags[span] & SpanFlags.Error) != 0,
                IsCalled = batch.Kinds[span] is SpanKind.Server or SpanKind.Consumer,
            });
        }
    }

    /// <summary>A number of a span; NaN when it has none.</summary>
    public double Measure(int measure, in TraceRow row) => _measures[measure][row.Index];

    /// <summary>The rows of each trace together, by start, span id and service. Ends the adding.</summary>
    public IEnumerable<TraceRow[]> ByTrace()
    {
        _rows.Sort(static (left, right) =>
        {
            var order = left.Trace.CompareTo(right.Trace);
            if (order == 0) order = left.StartUnixNanos.CompareTo(right.StartUnixNanos);
            if (order == 0) order = left.SpanId.CompareTo(right.SpanId);
            return order != 0 ? order : left.ServiceHash.CompareTo(right.ServiceHash);
        });
        for (var from = 0; from < _rows.Count;)
        {
            var to = from;
            while (to < _rows.Count && _rows[to].Trace == _rows[from].Trace) to++;
            yield return [.. _rows.GetRange(from, to - from)];
            from = to;
        }
    }
}
