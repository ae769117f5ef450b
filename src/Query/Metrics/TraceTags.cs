using System.Globalization;
using System.Text;
using Apm.Core.Metrics;
using Apm.Core.Stats;

namespace Apm.Query.Metrics;

/// <summary>The tags of the metrics of traces, read from the key of a cell.</summary>
public static class TraceTags
{
    static readonly Dictionary<string, Func<StatsKey, string>> Readers = new(StringComparer.Ordinal)
    {
        ["service"] = key => key.Service,
        ["env"] = key => key.Env,
        ["version"] = key => key.Version,
        ["resource_name"] = key => key.Resource,
        ["resource"] = key => key.Resource,
        ["host"] = key => key.Hostname,
        ["http.status_code"] = key => key.HttpStatusCode == 0 ? "" : key.HttpStatusCode.ToString(CultureInfo.InvariantCulture),
        ["http.status_class"] = key => key.HttpStatusCode is >= 100 and < 600 ? $"{key.HttpStatusCode / 100}xx" : "",
        ["rpc.grpc.status_code"] = key => key.GrpcStatusCode,
        ["http.method"] = key => key.HttpMethod,
        ["http.endpoint"] = key => key.HttpEndpoint,
        ["span.kind"] = key => key.Kind,
        ["span.type"] = key => key.Type,
        ["synthetics"] = key => key.IsSynthetics ? "true" : "false",
    };

    /// <summary>Tag keys there are, sorted.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Readers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The tags of a cell. Values are as they are shown (<c>resource_name:GET /user/{id}</c>), not normalised.</summary>
    public static MetricTags Of(StatsKey key)
    {
        var tags = new List<string>(Readers.Count);
        foreach (var (name, read) in Readers) if (read(key) is { Length: > 0 } value) tags.Add($"{name}:{value}");
        return MetricTags.Of(tags);
    }

    /// <summary>A value as Datadog writes it in a tag (trace-intake §2.5): <c>GET /user/{id}</c> is <c>get_/user/_id</c>.</summary>
    public static string Normalised(string value)
    {
        var normal = new StringBuilder(value.Length);
        var gap = false;
        foreach (var rune in value.EnumerateRunes())
        {
            var lower = Rune.ToLowerInvariant(rune);
            if (!(Rune.IsLetter(lower) || Rune.IsDigit(lower) || lower.Value is ':' or '.' or '/' or '-'))
            {
                gap = true;
                continue;
            }
            if (gap) normal.Append('_');
            gap = false;
            normal.Append(lower);
        }
        return normal.ToString();
    }
}
