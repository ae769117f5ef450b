using System.Diagnostics;

namespace Apm.Tracer;

/// <summary>A running span. Empty when nobody traces; then every member does nothing.</summary>
/// <remarks>Not thread-safe: the code that the span measures owns it.</remarks>
public readonly struct ApmSpan : IDisposable, IEquatable<ApmSpan>
{
    readonly Activity? _activity;
    readonly bool _isOwner;

    internal ApmSpan(Activity? activity, bool isOwner)
    {
        _activity = activity;
        _isOwner = isOwner;
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
        if (_activity is not null) _activity.DisplayName = resource;
        _activity?.SetTag("resource.name", resource);
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
        if (_isOwner) _activity?.Dispose();
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
