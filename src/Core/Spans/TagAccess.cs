namespace Apm.Core.Spans;

/// <summary>One tag of a batch: from its own column when the others were not read, else from the tags in memory.</summary>
/// <remarks>Reads nothing before the first question. Not thread-safe.</remarks>
/// <param name="key">Index of the tag's key among the batch's strings.</param>
public sealed class TagAccess(SpanBatch batch, int key)
{
    TagValues? _own;
    bool _isReady;

    /// <summary>The span's text, an index among the batch's strings; false when it has none.</summary>
    public bool TryText(int span, out int text) => Own() is { } own ? own.TryText(span, out text) : batch.Tags.TryGet(span, key, out text);

    /// <summary>The span's number; false when it has none.</summary>
    public bool TryNumber(int span, out double number) => Own() is { } own ? own.TryNumber(span, out number) : batch.Numbers.TryGet(span, key, out number);

    TagValues? Own()
    {
        if (_isReady) return _own;
        _isReady = true;
        return _own = batch.ReadTag(key);
    }
}
