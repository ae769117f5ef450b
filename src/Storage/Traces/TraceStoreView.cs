namespace Apm.Storage.Traces;

/// <summary>Everything a reader sees, taken at one instant: what waits in memory, and the slices on disk, oldest first.</summary>
/// <remarks>Replaced as a whole, so a span is never seen twice or not at all while it moves to disk.</remarks>
sealed record TraceStoreView(HeadList Head, SliceBlocks[] Slices)
{
    public static TraceStoreView Empty { get; } = new(HeadList.Empty, []);

    /// <summary>With another state of the newest slice, or with a new one.</summary>
    public TraceStoreView WithSlice(SliceBlocks slice) =>
        Slices.Length > 0 && Slices[^1].File == slice.File ? this with { Slices = [.. Slices.AsSpan(0, Slices.Length - 1), slice] } : this with { Slices = [.. Slices, slice] };
}
