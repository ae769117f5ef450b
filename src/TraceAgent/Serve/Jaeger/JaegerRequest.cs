using System.Globalization;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Json;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Jaeger;

/// <summary>
/// The parameters of <c>GET /jaeger/api/traces</c>: service, operation, tags (JSON object) or tag (<c>key:value</c>, repeated),
/// minDuration and maxDuration (<c>100ms</c>), start and end (Unix microseconds) or lookback (<c>1h</c>), limit; or traceID, repeated.
/// </summary>
sealed class JaegerRequest
{
    /// <summary>Traces given when no limit is asked for; Jaeger's own default.</summary>
    public const int DefaultLimit = 100;

    /// <summary>Most traces given; default 500. A larger limit is taken as this.</summary>
    public const int MaxLimit = 500;

    /// <summary>Length of the range when no start is given; Jaeger's own default, two days.</summary>
    public const long DefaultLookbackNanos = 2 * 86_400 * UnixTime.NanosPerSecond;

    /// <summary>Empty unless traces are asked for by id.</summary>
    public IReadOnlyList<TraceId> TraceIds { get; private init; } = [];
    public TimeRange Range { get; private init; }
    public TraceFilter Filter { get; private init; } = TraceFilter.Empty;
    public int Limit { get; private init; }

    /// <exception cref="RefusedException">A parameter is missing or wrong.</exception>
    public static JaegerRequest Read(IQueryCollection query, long nowUnixNanos)
    {
        KnownParameters.Check(query, "service", "operation", "tag", "tags", "minDuration", "maxDuration", "start", "end", "lookback", "limit", "traceID", "raw", "prettyPrint");
        if (query.TryGetValue("traceID", out var ids) && ids.Count > 0)
        {
            if (ids.Count > MaxLimit) throw new RefusedException($"{ids.Count} times parameter 'traceID'; at most {MaxLimit} traces are answered at once. Ask for the rest with another request.");
            return new JaegerRequest { TraceIds = [.. ids.Select(TraceIdOf).Distinct()], Limit = MaxLimit };
        }
        var service = query["service"].ToString();
        if (service.Length == 0) throw new RefusedException("parameter 'service' is required: name a service, as /jaeger/api/services lists them");

        var end = Micros(query, "end") ?? nowUnixNanos;
        var start = Micros(query, "start") ?? Math.Max(0, end - (Lookback(query) ?? DefaultLookbackNanos));
        if (end <= start) throw new RefusedException("parameter 'end' must be later than 'start'; both are Unix microseconds");
        return new JaegerRequest
        {
            Range = new TimeRange(start, end == long.MaxValue ? end : end + 1), // Jaeger's end is included.
            Filter = FilterOf(query, service),
            Limit = LimitOf(query["limit"]),
        };
    }

    public static TraceId TraceIdOf(string? text) => TraceId.TryParse(text, out var id)
        ? id
        : throw new RefusedException($"cannot parse trace id \"{text}\": write 16 or 32 hex digits");

    /// <summary>Spans of a service and, when it is named, of an operation or resource.</summary>
    internal static TraceFilter FilterOf(string service, string operation)
    {
        var filter = TraceFilter.Empty;
        if (service.Length > 0) filter = filter.With("service", service);
        return operation.Length == 0 ? filter : filter.And(TraceFilter.Empty.With("operation", operation).Or(TraceFilter.Empty.With("resource", operation)));
    }

    static TraceFilter FilterOf(IQueryCollection query, string service)
    {
        var filter = FilterOf(service, query["operation"].ToString());
        filter = WithDurations(filter, query, "minDuration", "maxDuration");
        return WithTags(filter, Tags(query));
    }

    /// <summary>The filter, and tags that must all hold on the same span.</summary>
    /// <exception cref="RefusedException">A tag cannot have this value.</exception>
    internal static TraceFilter WithTags(TraceFilter filter, IEnumerable<(string Key, string Value)> tags)
    {
        foreach (var (key, value) in tags)
        {
            try
            {
                filter = filter.And(Tag(key, value));
            }
            catch (QueryTextException wrong)
            {
                throw new RefusedException($"malformed tag \"{key}\": {wrong.Message}");
            }
        }
        return filter;
    }

    /// <summary>A few tags of Jaeger's are columns of ours.</summary>
    static TraceFilter Tag(string key, string value) => key switch
    {
        "error" => TraceFilter.Empty.With("status", value.ToLowerInvariant() switch
        {
            "true" => "error",
            "false" => "ok",
            _ => throw new RefusedException($"malformed tag \"error\": \"{value}\" is neither true nor false"),
        }),
        "span.kind" => TraceFilter.Empty.With("kind", value),
        "span.type" => TraceFilter.Empty.With("type", value),
        "env" => TraceFilter.Empty.With("env", value),
        "resource.name" => TraceFilter.Empty.With("resource", value),
        _ => TraceFilter.Empty.With("@" + key, value),
    };

    static IEnumerable<(string Key, string Value)> Tags(IQueryCollection query)
    {
        foreach (var tag in query["tag"])
        {
            var colon = tag?.IndexOf(':', StringComparison.Ordinal) ?? -1;
            if (colon <= 0) throw new RefusedException($"malformed 'tag' parameter, expecting key:value, received: {tag}");
            yield return (tag![..colon], tag[(colon + 1)..]);
        }
        foreach (var tags in query["tags"])
        {
            if (string.IsNullOrWhiteSpace(tags)) continue;
            foreach (var pair in JsonTags(tags, "tags")) yield return pair;
        }
    }

    /// <summary>The members of a JSON object; numbers, true and false as they are written.</summary>
    /// <param name="parameter">Its name, for the refusal.</param>
    /// <exception cref="RefusedException">It is no object of texts.</exception>
    internal static List<(string Key, string Value)> JsonTags(string text, string parameter)
    {
        try
        {
            using var json = StrictJson.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object || json.RootElement.EnumerateObject().Any(member => member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null))
                throw new RefusedException($"malformed '{parameter}' parameter: expecting a JSON object of texts, such as {{\"http.status_code\":\"500\"}}");
            return [.. json.RootElement.EnumerateObject().Select(member => (member.Name, member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText()))];
        }
        catch (JsonException wrong)
        {
            throw new RefusedException($"malformed '{parameter}' parameter, cannot unmarshal JSON: {wrong.Message}");
        }
    }

    /// <summary>The filter within two durations, both included.</summary>
    /// <exception cref="RefusedException">One is none, or they are the wrong way round.</exception>
    internal static TraceFilter WithDurations(TraceFilter filter, IQueryCollection query, string minName, string maxName)
    {
        var (min, max) = (Duration(query, minName), Duration(query, maxName));
        return max < min ? throw new RefusedException($"parameter '{maxName}' ({query[maxName]}) must not be below '{minName}' ({query[minName]})") : filter.WithDuration(min, max);
    }

    static long? Duration(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        return DurationText.TryParse(text, out var nanos) ? nanos
            : throw new RefusedException($"unable to parse param '{name}': \"{text}\" is not a duration; write for example 100ms, 1.5s, 250us");
    }

    static long? Micros(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var micros) && micros <= long.MaxValue / 1000 ? micros * 1000
            : throw new RefusedException($"unable to parse param '{name}': \"{text}\" is not a time in Unix microseconds");
    }

    /// <summary>Jaeger's UI sends "custom" beside start and end; then, as without any, it does not say how long.</summary>
    static long? Lookback(IQueryCollection query) => query["lookback"].ToString() == "custom" ? null : Duration(query, "lookback");

    static int LimitOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return DefaultLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? Math.Min(limit, MaxLimit)
            : throw new RefusedException($"unable to parse param 'limit': \"{text}\" is not a number above 0");
    }
}
