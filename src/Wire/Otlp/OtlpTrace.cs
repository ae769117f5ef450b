using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// Stored spans as OpenTelemetry sees them: what their process says once, then its libraries, then their spans. Made for readers;
/// <see cref="OtlpJsonTraceWriter"/> and <see cref="OtlpProtobufTraceWriter"/> write it.
/// </summary>
/// <remarks>
/// The span's name is the resource, since it tells endpoints apart; the operation, the resource and the type stand in the attributes
/// <c>operation.name</c>, <c>resource.name</c> and <c>span.type</c>, which our own decoder takes back. Keys stay as they are stored:
/// those that were renamed on the way in (trace-intake §7.9) keep the name that a search finds them by.
/// </remarks>
public sealed class OtlpTrace
{
    OtlpTrace(IReadOnlyList<OtlpResourceSpans> resources) => Resources = resources;

    public IReadOnlyList<OtlpResourceSpans> Resources { get; }

    /// <summary>Groups spans by process, in order of their first span.</summary>
    public static OtlpTrace Of(IEnumerable<Span> spans)
    {
        var groups = new Dictionary<string, (IReadOnlyList<OtlpAttribute> Attributes, List<(string Name, string Version, Span Span)> Spans)>(StringComparer.Ordinal);
        foreach (var span in spans)
        {
            var resource = OtlpResourceKeys.Of(span);
            var key = string.Join('\n', resource.Select(attribute => $"{attribute.Key}\t{attribute.Value}"));
            if (!groups.TryGetValue(key, out var group)) groups.Add(key, group = (resource, []));
            group.Spans.Add((First(span, "otel.scope.name", "otel.library.name"), First(span, "otel.scope.version", "otel.library.version"), span));
        }
        return new OtlpTrace([.. groups.Values.Select(group => new OtlpResourceSpans(group.Attributes,
            [.. group.Spans.GroupBy(span => (span.Name, span.Version)).Select(scope => new OtlpScopeSpans(scope.Key.Name, scope.Key.Version, [.. scope.Select(span => span.Span)]))]))]);
    }

    static string First(Span span, string key, string olderKey) => span.Tags.GetValueOrDefault(key) ?? span.Tags.GetValueOrDefault(olderKey) ?? "";
}

/// <summary>The spans of one process.</summary>
public sealed record OtlpResourceSpans(IReadOnlyList<OtlpAttribute> Attributes, IReadOnlyList<OtlpScopeSpans> Scopes);

/// <summary>The spans that one library made; its name is "" when it did not say.</summary>
public sealed record OtlpScopeSpans(string Name, string Version, IReadOnlyList<Span> Spans);

/// <summary>One attribute: <see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>.</summary>
public readonly record struct OtlpAttribute(string Key, object Value)
{
    /// <summary>Whole numbers that a double holds exactly are integers, as their sender meant them.</summary>
    public static OtlpAttribute Of(string key, double value) => Math.Abs(value) <= 1L << 53 && value == Math.Floor(value) ? new(key, (long)value) : new(key, value);
}
