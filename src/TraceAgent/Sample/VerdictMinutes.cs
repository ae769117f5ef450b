using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>Counts verdicts of the running minute, and keeps those of the last.</summary>
/// <remarks>Any thread adds; one turns.</remarks>
sealed class VerdictMinutes(TimeProvider clock)
{
    const int VerdictCount = 64;

    readonly long[] _running = new long[VerdictCount];
    long[] _last = new long[VerdictCount];
    long _startedAt = clock.GetTimestamp();

    public void Add(SampleVerdict verdict, long count) => Interlocked.Add(ref _running[(int)verdict], count);

    /// <summary>Begins a new minute when it is time.</summary>
    public void Turn()
    {
        if (clock.GetElapsedTime(_startedAt) < TimeSpan.FromMinutes(1)) return;
        _startedAt = clock.GetTimestamp();
        var full = new long[VerdictCount];
        for (var i = 0; i < VerdictCount; i++) full[i] = Interlocked.Exchange(ref _running[i], 0);
        Volatile.Write(ref _last, full);
    }

    /// <summary>The last full minute, by the verdicts' words.</summary>
    public IReadOnlyDictionary<string, long> Last()
    {
        var last = Volatile.Read(ref _last);
        var words = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < VerdictCount; i++) if (last[i] > 0) words[((SampleVerdict)i).Word()] = last[i];
        return words;
    }
}
