using System.Globalization;
using Apm.Core.Ids;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;
using Apm.Wire.Zipkin;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Zipkin;

/// <summary>
/// The parameters of <c>GET /zipkin/api/v2/traces</c>: serviceName, remoteServiceName, spanName, annotationQuery
/// (<c>http.method=GET and retried</c>), minDuration and maxDuration (microseconds), endTs and lookback (milliseconds), limit.
/// </summary>
sealed class ZipkinRequest
{
    /// <summary>Traces given when no limit is asked for; Zipkin's own default.</summary>
    public const int DefaultLimit = 10;

    /// <summary>Most traces given; default 500. A larger limit is taken as this.</summary>
    public const int MaxLimit = 500;

    /// <summary>Most ids of one <c>/traceMany</c>; default 500. More are refused.</summary>
    public const int MaxTraceIds = 500;

    /// <summary>Length of the range when no lookback is given; Zipkin's own default, one day.</summary>
    public const long DefaultLookbackMillis = 86_400_000;

    public required TimeRange Range { get; init; }
    public required TraceFilter Filter { get; init; }
    public required int Limit { get; init; }

    /// <exception cref="RefusedException">A parameter is wrong.</exception>
    public static ZipkinRequest Read(IQueryCollection query, long nowUnixNanos)
    {
        KnownParameters.Check(query, "serviceName", "spanName", "remoteServiceName", "annotationQuery", "minDuration", "maxDuration", "endTs", "lookback", "limit");
        var filter = TraceFilter.Empty;
        if (Named(query, "serviceName") is { } service) filter = filter.With("service", service);
        if (Named(query, "spanName") is { } name) filter = filter.And(TraceFilter.Empty.With("resource", name).Or(TraceFilter.Empty.With("operation", name)));
        if (Named(query, "remoteServiceName") is { } remote) filter = filter.And(RemoteService(remote));
        foreach (var term in AnnotationTerms(query["annotationQuery"].ToString())) filter = filter.And(term);
        var (min, max) = (Whole(query, "minDuration", "microseconds"), Whole(query, "maxDuration", "microseconds"));
        if (min is 0 || max is 0) throw new RefusedException("minDuration and maxDuration must be above 0; they are microseconds");
        if (max is not null && min is null) throw new RefusedException("maxDuration is only valid with minDuration");
        if (max < min) throw new RefusedException($"maxDuration ({max}) must not be below minDuration ({min})");
        return new ZipkinRequest
        {
            Range = RangeOf(query, Whole(query, "endTs", "milliseconds") ?? nowUnixNanos / UnixTime.NanosPerMillisecond),
            Filter = filter.WithDuration(min * 1000, max * 1000),
            Limit = (int)Math.Min(MaxLimit, Whole(query, "limit", "traces") switch
            {
                null => DefaultLimit,
                0 => throw new RefusedException("limit must be above 0"),
                { } limit => limit,
            }),
        };
    }

    /// <summary>The time before <paramref name="endMillis"/> by <c>lookback</c>; the end is included.</summary>
    public static TimeRange RangeOf(IQueryCollection query, long endMillis)
    {
        if (endMillis == 0) throw new RefusedException("endTs must be above 0; it is Unix milliseconds");
        var lookback = Math.Min(endMillis, Whole(query, "lookback", "milliseconds") ?? DefaultLookbackMillis);
        if (lookback == 0) throw new RefusedException("lookback must be above 0; it is milliseconds");
        return new TimeRange((endMillis - lookback) * UnixTime.NanosPerMillisecond, (endMillis + 1) * UnixTime.NanosPerMillisecond);
    }

    /// <exception cref="RefusedException">It is none.</exception>
    public static TraceId TraceIdOf(string? text) => TraceId.TryParse(text, out var id)
        ? id
        : throw new RefusedException($"\"{text}\" is not a trace id: write 16 or 32 hex digits");

    /// <exception cref="RefusedException">It is missing or not a whole number.</exception>
    public static long RequiredMillis(IQueryCollection query, string name) =>
        Whole(query, name, "milliseconds") ?? throw new RefusedException($"{name} is required: give it in Unix milliseconds");

    /// <summary>Spans whose other side has this name: as the writer names it, the first tag that is there decides.</summary>
    public static TraceFilter RemoteService(string name)
    {
        TraceFilter? any = null;
        var before = TraceFilter.Empty;
        foreach (var tag in ZipkinJsonWriter.RemoteServiceTags)
        {
            var one = before.And(TraceFilter.Empty.With("@" + tag, name));
            if (any is not null) one = one.And(CallingSide);
            any = any is null ? one : any.Or(one);
            before = before.And(Without(tag));
        }
        return any!;
    }

    /// <summary>Spans that call.</summary>
    public static TraceFilter CallingSide { get; } = TraceFilter.Empty.With("kind", "client").Or(TraceFilter.Empty.With("kind", "producer"));

    /// <summary>Spans that do not have a tag.</summary>
    public static TraceFilter Without(string tag) => TraceFilterParser.Parse($"-@{tag}:*");

    /// <summary>Terms with " and " between: a tag with its value, or the name of a tag or of an annotation.</summary>
    static IEnumerable<TraceFilter> AnnotationTerms(string text)
    {
        if (text.Length == 0) yield break;
        foreach (var term in $" {text} ".Split(" and ", StringSplitOptions.TrimEntries))
        {
            if (term.Length == 0) throw new RefusedException($"annotationQuery: \"{text}\" has an \"and\" with nothing before or behind it; write for example http.method=GET and error");
            var equals = term.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0) throw new RefusedException($"annotationQuery: \"{term}\" has no tag before the =; write for example http.method=GET");
            if (equals > 0 && equals < term.Length - 1) yield return Tag(term[..equals], term[(equals + 1)..]);
            else if (term is "error" or "error=") yield return TraceFilter.Empty.With("status", "error");
            else if (equals > 0) yield return Exists("@" + term[..equals]); // As Zipkin reads it: the tag with any value.
            else yield return Exists("@" + term).Or(Annotation(term));
        }
    }

    /// <summary>A few tags that we write are columns of ours.</summary>
    static TraceFilter Tag(string key, string value) => key switch
    {
        "operation.name" => TraceFilter.Empty.With("operation", value),
        "span.type" => TraceFilter.Empty.With("type", value),
        "env" => TraceFilter.Empty.With("env", value),
        "error" => TraceFilter.Empty.With("status", "error").And(
            value == "true" ? TraceFilter.Empty : TraceFilter.Empty.With("@error.message", value).Or(TraceFilter.Empty.With("@error.msg", value))),
        _ => TraceFilter.Empty.With("@" + key, value),
    };

    static TraceFilter Exists(string key) => TraceFilterParser.Parse($"@{Quoted(key[1..])}:*");

    /// <summary>Events stand as JSON in one tag.</summary>
    static TraceFilter Annotation(string name) =>
        TraceFilterParser.Parse($"@events:{Quoted($"*\"name\":{System.Text.Json.JsonSerializer.Serialize(name)}*", keepStars: true)}");

    static string Quoted(string text, bool keepStars = false)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{(keepStars ? escaped : escaped.Replace("*", "\\*", StringComparison.Ordinal))}\"";
    }

    /// <summary>Zipkin's own screens send <c>all</c> for no choice.</summary>
    static string? Named(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text && text != "all" ? text : null;

    static long? Whole(IQueryCollection query, string name, string unit)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue / UnixTime.NanosPerMillisecond - 1 ? number
            : throw new RefusedException($"{name}: \"{text}\" is not a whole number of {unit}");
    }
}
