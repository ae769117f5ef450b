using System.Diagnostics;

namespace Apm.Tracer;

/// <summary>A running span. Empty when nobody traces; then every member does nothing.</summary>
/// <remarks>Not thread-safe: the code that the span measures owns it.</remarks>
public readonly struct ApmSpan : IDisposable, IEquatable<ApmSpan>
{
    readonly Activity? _activity;
    readonly bool _isOwner;
    readonly ExecutionContext? _before;
    readonly ExecutionContext? _within;

    /// <summary>A span that somebody else ends.</summary>
    internal ApmSpan(Activity? activity) => _activity = activity;

    /// <summary>A span that has just begun, with the context that its code came from; null where that does not flow.</summary>
    internal ApmSpan(Activity? activity, ExecutionContext? before)
    {
        _activity = activity;
        _isOwner = true;
        if (activity is null || before is null) return;
        _before = before;
        _within = ExecutionContext.Capture();
    }

    /// <summary>True when the span is recorded.</summary>
    public bool IsRecorded => _activity is { IsAllDataRequested: true };

    /// <summary>Trace id as 32 hex digits; empty when the span is.</summary>
    public string TraceId => _activity?.TraceId.ToHexString() ?? "";

    /// <summary>Span id as 16 hex digits; empty when the span is.</summary>
    public string SpanId => _activity?.SpanId.ToHexString() ?? "";

    /// <summary>Sets a tag: a text, number or truth value; null removes it.</summary>
    /// <returns>This span.</returns>
    public ApmSpan SetTag(string key, object? value)
    {
        _activity?.SetTag(key, value);
        return this;
    }

    /// <summary>Names what is done, one of not too many names.</summary>
    /// <returns>This span.</returns>
    public ApmSpan SetResource(string resource)
    {
        if (_activity is null) return this;
        // The name of one of our spans is its operation too, which must not change with it.
        if (_activity.Source.Name == ApmTracer.SourceName && _activity.GetTagItem(ApmTracer.OperationTag) is null) _activity.SetTag(ApmTracer.OperationTag, _activity.OperationName);
        _activity.DisplayName = resource;
        _activity.SetTag("resource.name", resource);
        return this;
    }

    /// <summary>Marks the span as failed, with the exception's type, message and stack.</summary>
    /// <returns>This span.</returns>
    public ApmSpan SetError(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (_activity is null) return this;
        _activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        _activity.AddException(exception);
        return this;
    }

    /// <summary>Marks the span as failed.</summary>
    /// <returns>This span.</returns>
    public ApmSpan SetError(string message)
    {
        _activity?.SetStatus(ActivityStatusCode.Error, message);
        return this;
    }

    /// <summary>Ends the span, if it was begun by <see cref="ApmTracer.StartSpan"/>.</summary>
    public void Dispose()
    {
        if (!_isOwner || _activity is null) return;
        // When nothing but this span was set in it since, the context from before is the very one to go back to, and Stop need not make another.
        if (_before is not null && ReferenceEquals(ExecutionContext.Capture(), _within)) ExecutionContext.Restore(_before);
        _activity.Dispose();
    }

    /// <inheritdoc/>
    public bool Equals(ApmSpan other) => ReferenceEquals(_activity, other._activity);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ApmSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _activity?.GetHashCode() ?? 0;

    /// <summary>Same span.</summary>
    public static bool operator ==(ApmSpan left, ApmSpan right) => left.Equals(right);

    /// <summary>Another span.</summary>
    public static bool operator !=(ApmSpan left, ApmSpan right) => !left.Equals(right);
}
