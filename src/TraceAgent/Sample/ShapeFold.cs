using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Reduces a chunk of a trace that is too large to its shape: the root, the first entry spans of other services, errors, the path
/// that ended last, and for all others one folded span for each (ancestor that is kept, service, operation, resource) with counts.
/// </summary>
/// <remarks>Depends on the chunk alone, so that a replay folds the same. The span that stands for a group is its first.</remarks>
static class ShapeFold
{
    /// <summary>Error spans kept of one chunk; further ones are folded and counted in <see cref="FoldedTags.ErrorCount"/>.</summary>
    public const int MaxErrors = 32;

    /// <summary>Entry spans of other services kept of one chunk; further ones are folded.</summary>
    public const int MaxEntries = 16;

    /// <summary>Spans of the path that ended last; deeper ones are folded.</summary>
    public const int MaxPathSpans = 32;

    /// <summary>Groups told apart by resource in one chunk; beyond it the resource is <see cref="OtherResources"/>.</summary>
    public const int MaxGroups = 256;

    /// <summary>Stands for the resources beyond <see cref="MaxGroups"/>.</summary>
    public const string OtherResources = "(more resources)";

    /// <summary>Folds a chunk in place.</summary>
    /// <param name="root">Index of its root.</param>
    /// <param name="wholeCount">So many of its first spans are kept as they are.</param>
    /// <param name="keep">One entry per span of the batch; those of the chunk are set.</param>
    /// <returns>How many spans were taken out.</returns>
    public static int Fold(SpanBatch batch, Chunk chunk, int root, int wholeCount, Span<bool> keep)
    {
        var (first, end) = (chunk.FirstSpan, chunk.FirstSpan + chunk.SpanCount);
        var parents = ParentsOf(batch, chunk);
        Choose(batch, chunk, root, wholeCount, parents, keep);

        var groups = new Dictionary<(ulong Ancestor, int Service, int Name, int Resource), Group>();
        var groupOf = new Group?[chunk.SpanCount];
        var otherResources = -1;
        for (var i = first; i < end; i++)
        {
            if (keep[i]) continue;
            var key = (AncestorOf(batch, first, i, parents, keep), batch.Services[i], batch.Names[i], batch.Resources[i]);
            if (!groups.TryGetValue(key, out var group))
            {
                if (groups.Count >= MaxGroups)
                {
                    if (otherResources < 0) otherResources = batch.Strings.Intern(OtherResources);
                    key.Item4 = otherResources;
                }
                if (!groups.TryGetValue(key, out group)) groups.Add(key, group = new Group { Stands = i, Ancestor = key.Item1, Resource = key.Item4, StartUnixNanos = long.MaxValue, LongestNanos = 0, ShortestNanos = long.MaxValue });
            }
            group.Add(batch, i);
            groupOf[i - first] = group;
        }

        // A kept span whose parent was folded hangs on the span that stands for it, so that the tree stays whole.
        for (var i = first; i < end; i++)
            if (keep[i] && parents[i - first] is >= 0 and var parent && groupOf[parent - first] is { } folded) batch.ParentIds[i] = batch.SpanIds[folded.Stands];
        foreach (var group in groups.Values)
        {
            keep[group.Stands] = true;
            if (group.Count > 1) group.Write(batch);
            else batch.ParentIds[group.Stands] = group.Ancestor;
        }
        var kept = 0;
        for (var i = first; i < end; i++) if (keep[i]) kept++;
        return chunk.SpanCount - kept;
    }

    static void Choose(SpanBatch batch, Chunk chunk, int root, int wholeCount, int[] parents, Span<bool> keep)
    {
        var (first, end) = (chunk.FirstSpan, chunk.FirstSpan + chunk.SpanCount);
        var (errors, entries) = (0, 0);
        for (var i = first; i < end; i++)
        {
            keep[i] = i - first < wholeCount || i == root;
            if (keep[i]) continue;
            var parentService = parents[i - first] is >= 0 and var parent ? batch.Services[parent] : batch.Services[root];
            if ((batch.Flags[i] & SpanFlags.Error) != 0 && errors < MaxErrors) (keep[i], errors) = (true, errors + 1);
            else if (batch.Services[i] != parentService && entries < MaxEntries) (keep[i], entries) = (true, entries + 1);
        }
        // The path that ended last: at each span the child without which it would have ended earlier.
        var lastChild = new int[chunk.SpanCount];
        Array.Fill(lastChild, -1);
        for (var i = first; i < end; i++)
        {
            if (parents[i - first] is not (>= 0 and var parent)) continue;
            ref var last = ref lastChild[parent - first];
            if (last < 0 || batch.EndUnixNanosOf(i) > batch.EndUnixNanosOf(last)) last = i;
        }
        for (var (at, depth) = (lastChild[root - first], 0); at >= 0 && depth < MaxPathSpans; at = lastChild[at - first], depth++) keep[at] = true;
    }

    /// <summary>Index of each span's parent in the batch; −1 when the chunk does not hold it.</summary>
    static int[] ParentsOf(SpanBatch batch, Chunk chunk)
    {
        var byId = new Dictionary<ulong, int>(chunk.SpanCount);
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) byId.TryAdd(batch.SpanIds[i], i);
        var parents = new int[chunk.SpanCount];
        for (var i = 0; i < parents.Length; i++)
        {
            var span = chunk.FirstSpan + i;
            parents[i] = batch.ParentIds[span] != 0 && byId.TryGetValue(batch.ParentIds[span], out var parent) && parent != span ? parent : -1;
        }
        return parents;
    }

    /// <summary>Id of the nearest ancestor that is kept, or that is not in the chunk; 0 when there is none.</summary>
    static ulong AncestorOf(SpanBatch batch, int first, int span, int[] parents, ReadOnlySpan<bool> keep)
    {
        for (var hops = 0; hops < parents.Length; hops++)
        {
            var parent = parents[span - first];
            if (parent < 0) return batch.ParentIds[span];
            if (keep[parent]) return batch.SpanIds[parent];
            span = parent;
        }
        return 0; // A circle.
    }

    sealed class Group
    {
        public required int Stands { get; init; }
        public required ulong Ancestor { get; init; }
        public required int Resource { get; init; }
        public required long StartUnixNanos { get; set; }
        public required long ShortestNanos { get; set; }
        public required long LongestNanos { get; set; }
        public long EndUnixNanos { get; private set; }
        public long Count { get; private set; }
        public long ErrorCount { get; private set; }
        public double SumNanos { get; private set; }

        public void Add(SpanBatch batch, int span)
        {
            var duration = batch.DurationNanos[span];
            Count++;
            if ((batch.Flags[span] & SpanFlags.Error) != 0) ErrorCount++;
            SumNanos += duration;
            StartUnixNanos = Math.Min(StartUnixNanos, batch.StartUnixNanos[span]);
            EndUnixNanos = Math.Max(EndUnixNanos, batch.EndUnixNanosOf(span));
            ShortestNanos = Math.Min(ShortestNanos, duration);
            LongestNanos = Math.Max(LongestNanos, duration);
        }

        public void Write(SpanBatch batch)
        {
            batch.ParentIds[Stands] = Ancestor;
            batch.Resources[Stands] = Resource;
            batch.StartUnixNanos[Stands] = StartUnixNanos;
            batch.DurationNanos[Stands] = Math.Max(0, EndUnixNanos - StartUnixNanos);
            batch.Flags[Stands] = ErrorCount > 0 ? batch.Flags[Stands] | SpanFlags.Error : batch.Flags[Stands] & ~SpanFlags.Error;
            batch.Tags.Clear(Stands); // They were those of one of many.
            batch.Numbers.Clear(Stands);
            Set(batch, FoldedTags.Count, Count);
            Set(batch, FoldedTags.DurationNanos, SumNanos);
            Set(batch, FoldedTags.ShortestNanos, ShortestNanos);
            Set(batch, FoldedTags.LongestNanos, LongestNanos);
            if (ErrorCount > 0) Set(batch, FoldedTags.ErrorCount, ErrorCount);
        }

        void Set(SpanBatch batch, string key, double value) => batch.Numbers.Set(Stands, batch.Strings.Intern(key), value);
    }
}
