namespace Apm.Storage.Traces;

/// <summary>What a run of retention removed.</summary>
/// <param name="SliceCount">Whole slices.</param>
/// <param name="SpanCount">Spans in them.</param>
/// <param name="ByteCount">Bytes that they took on disk.</param>
public sealed record RetentionResult(int SliceCount, long SpanCount, long ByteCount)
{
    public static RetentionResult Nothing { get; } = new(0, 0, 0);
}
