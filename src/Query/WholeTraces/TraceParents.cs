namespace Apm.Query.WholeTraces;

/// <summary>Who is whose parent among the spans of a trace, and what follows from it. Parents may form circles, and traces may be as deep as they are long.</summary>
static class TraceParents
{
    /// <summary>
    /// The index of each span's parent; -1 when it has none, or it is not stored. Two spans may share an id as halves of one call: then the
    /// called half hangs beneath the other, and what either called hangs beneath the half of its own service, else beneath the called one.
    /// </summary>
    /// <param name="spans">In order of start, span id and service.</param>
    public static int[] Of(TraceRow[] spans)
    {
        var byId = new Dictionary<ulong, int>(spans.Length);
        Dictionary<ulong, List<int>>? shared = null;
        for (var i = 0; i < spans.Length; i++)
        {
            if (byId.TryAdd(spans[i].SpanId, i)) continue;
            shared ??= [];
            if (!shared.TryGetValue(spans[i].SpanId, out var halves)) shared.Add(spans[i].SpanId, halves = [byId[spans[i].SpanId]]);
            halves.Add(i);
        }
        var parents = new int[spans.Length];
        for (var i = 0; i < spans.Length; i++) parents[i] = ParentOf(spans, i, byId, shared);
        return parents;
    }

    static int ParentOf(TraceRow[] spans, int at, Dictionary<ulong, int> byId, Dictionary<ulong, List<int>>? shared)
    {
        if (shared is not null && spans[at].IsCalled && shared.TryGetValue(spans[at].SpanId, out var halves))
            foreach (var half in halves) if (half != at && !spans[half].IsCalled) return half;
        if (spans[at].ParentId == 0) return -1;
        if (shared is null || !shared.TryGetValue(spans[at].ParentId, out halves)) return byId.GetValueOrDefault(spans[at].ParentId, -1);
        foreach (var half in halves) if (half != at && spans[half].ServiceHash == spans[at].ServiceHash) return half;
        foreach (var half in halves) if (half != at && spans[half].IsCalled) return half;
        foreach (var half in halves) if (half != at) return half;
        return -1;
    }

    public static bool[] ParentsOf(bool[] of, int[] parents)
    {
        var answer = new bool[of.Length];
        for (var i = 0; i < of.Length; i++) if (of[i] && parents[i] >= 0) answer[parents[i]] = true;
        return answer;
    }

    public static bool[] ChildrenOf(bool[] of, int[] parents)
    {
        var answer = new bool[of.Length];
        for (var i = 0; i < of.Length; i++) answer[i] = parents[i] >= 0 && of[parents[i]];
        return answer;
    }

    public static bool[] AncestorsOf(bool[] of, int[] parents)
    {
        var answer = new bool[of.Length];
        for (var i = 0; i < of.Length; i++)
        {
            if (!of[i]) continue;
            for (var at = parents[i]; at >= 0 && !answer[at]; at = parents[at]) answer[at] = true;
        }
        return answer;
    }

    public static bool[] DescendantsOf(bool[] of, int[] parents)
    {
        const byte Unknown = 0, Yes = 1, No = 2, OnPath = 3;
        var state = new byte[of.Length];
        var path = new List<int>();
        for (var i = 0; i < of.Length; i++)
        {
            if (state[i] != Unknown) continue;
            path.Clear();
            var at = i;
            while (at >= 0 && state[at] == Unknown)
            {
                state[at] = OnPath;
                path.Add(at);
                at = parents[at];
            }
            var isBelow = false;
            if (at >= 0 && state[at] == OnPath)
            {
                // A circle: each of its spans is above all the others, and itself.
                var begin = path.IndexOf(at);
                isBelow = path.Skip(begin).Any(span => of[span]);
                foreach (var span in path.Skip(begin)) state[span] = isBelow ? Yes : No;
                path.RemoveRange(begin, path.Count - begin);
            }
            for (var p = path.Count - 1; p >= 0; p--)
            {
                var parent = parents[path[p]];
                state[path[p]] = parent >= 0 && (of[parent] || state[parent] == Yes) ? Yes : No;
            }
        }
        return [.. state.Select(known => known == Yes)];
    }

    public static bool[] SiblingsOf(bool[] of, int[] parents)
    {
        var counts = new int[of.Length];
        for (var i = 0; i < of.Length; i++) if (of[i] && parents[i] >= 0) counts[parents[i]]++;
        var answer = new bool[of.Length];
        for (var i = 0; i < of.Length; i++) answer[i] = parents[i] >= 0 && counts[parents[i]] > (of[i] ? 1 : 0);
        return answer;
    }
}
