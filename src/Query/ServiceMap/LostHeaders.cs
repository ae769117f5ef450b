using Apm.Core.Time;

namespace Apm.Query.ServiceMap;

/// <summary>A span on one side of a call.</summary>
/// <param name="Service">The called service, on both sides.</param>
/// <param name="Index">Whatever the caller of the rule knows it by.</param>
readonly record struct CallSpan(int Service, ulong TraceLow, ulong SpanId, long StartUnixNanos, long DurationNanos, int Index)
{
    public long EndUnixNanos => DurationNanos > long.MaxValue - StartUnixNanos ? long.MaxValue : StartUnixNanos + DurationNanos;
}

/// <summary>
/// Pairs calls that no span answers with roots that nobody called. A root of the called service that ran within the call, in another
/// trace, is its other side: the header that carries the trace was lost on the way, and the callee began a trace of its own.
/// </summary>
/// <remarks>Pure: the same spans give the same pairs in whatever order they come. Each root answers one call.</remarks>
static class LostHeaders
{
    /// <summary>A root may begin so long before the call, or end so long after it: clocks of two hosts differ. 5 ms.</summary>
    public const long ToleranceNanos = 5 * UnixTime.NanosPerMillisecond;

    /// <summary>Roots looked at for one call; default 200. More that begin during one call leave it without a pair.</summary>
    public const int MaxRootsPerCall = 200;

    /// <summary>For each call the <see cref="CallSpan.Index"/> of its root; -1 for none.</summary>
    public static int[] Pair(IReadOnlyList<CallSpan> calls, IReadOnlyList<CallSpan> roots)
    {
        var pairs = new int[calls.Count];
        Array.Fill(pairs, -1);
        if (calls.Count == 0 || roots.Count == 0) return pairs;
        var ofService = roots.GroupBy(root => root.Service).ToDictionary(group => group.Key, group => group.OrderBy(root => root.StartUnixNanos).ThenBy(root => root.TraceLow).ThenBy(root => root.SpanId).ToArray());
        var taken = new HashSet<(ulong, ulong)>();
        // The shortest call first: it leaves the least choice.
        foreach (var at in Enumerable.Range(0, calls.Count).OrderBy(i => calls[i].DurationNanos).ThenBy(i => calls[i].StartUnixNanos).ThenBy(i => calls[i].TraceLow).ThenBy(i => calls[i].SpanId))
        {
            var call = calls[at];
            if (!ofService.TryGetValue(call.Service, out var candidates)) continue;
            var until = call.EndUnixNanos > long.MaxValue - ToleranceNanos ? long.MaxValue : call.EndUnixNanos + ToleranceNanos;
            var first = FirstFrom(candidates, call.StartUnixNanos - ToleranceNanos);
            for (var i = first; i < candidates.Length && i < first + MaxRootsPerCall && candidates[i].StartUnixNanos <= call.EndUnixNanos; i++)
            {
                var root = candidates[i];
                if (root.TraceLow == call.TraceLow || root.EndUnixNanos > until || !taken.Add((root.TraceLow, root.SpanId))) continue;
                pairs[at] = root.Index;
                break;
            }
        }
        return pairs;
    }

    static int FirstFrom(CallSpan[] sorted, long startUnixNanos)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle].StartUnixNanos < startUnixNanos) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
