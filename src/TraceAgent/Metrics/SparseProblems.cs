using Apm.Core.Counting;
using Apm.Core.Time;

namespace Apm.TraceAgent.Metrics;

/// <summary>
/// Lets a few sentences a second of one part through to the problems. Senders of metrics may be wrong two hundred thousand times a second;
/// the counters have them all, a reader needs a few, and the other parts' sentences must not be pushed out.
/// </summary>
/// <remarks>Any thread.</remarks>
public sealed class SparseProblems(string where, RecentProblems problems, TimeProvider clock)
{
    /// <summary>Most sentences a second that are kept; further ones are only counted.</summary>
    public const int MaxPerSecond = 5;

    /// <summary>Most sentences of the part that are kept; the oldest goes.</summary>
    public const int MaxKept = 20;

    readonly Lock _lock = new();
    long _second;
    int _inSecond;

    /// <summary>Notes a problem.</summary>
    /// <param name="sentence">Made only when it will be kept.</param>
    public void Add(Func<string> sentence)
    {
        if (MayAdd()) AddAllowed(sentence());
    }

    /// <summary>Whether one more may be noted now; counts it as noted when so.</summary>
    public bool MayAdd()
    {
        var second = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        lock (_lock)
        {
            if (second != _second) (_second, _inSecond) = (second, 0);
            return _inSecond++ < MaxPerSecond;
        }
    }

    /// <summary>Notes a problem for which <see cref="MayAdd"/> said yes.</summary>
    public void AddAllowed(string sentence) => problems.Add(where, sentence, clock.NowUnixNanos(), MaxKept);
}
