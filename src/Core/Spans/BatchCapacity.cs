namespace Apm.Core.Spans;

/// <summary>How much a batch should have room for at once, so that it does not grow by copying. Only a guess: a batch takes whatever comes.</summary>
/// <param name="SpanCount">Spans.</param>
/// <param name="TagCount">Text tags of all spans together.</param>
/// <param name="NumberCount">Numeric tags of all spans together.</param>
/// <param name="StringCount">Distinct strings.</param>
/// <param name="StringBytes">UTF-8 bytes of all distinct strings.</param>
public readonly record struct BatchCapacity(int SpanCount, int TagCount, int NumberCount, int StringCount, int StringBytes)
{
    const int TagsPerSpan = 8;

    /// <summary>For spans of which nothing else is known.</summary>
    public static BatchCapacity For(int spans) => new(spans, Math.Max(1, spans) * TagsPerSpan, Math.Max(1, spans) * TagsPerSpan, StringCount: 64, StringBytes: 1_024);
}
