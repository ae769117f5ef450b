using System.Globalization;
using System.Text;
using Apm.Core.Time;
using Apm.Query.Filters;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Apm.TraceAgent.Serve.Jaeger;

/// <summary>
/// The parameters of <c>GET /jaeger/api/v3/traces</c> and <c>/trace-summaries</c>, each as <c>query.service_name</c> or, as Jaeger's OpenAPI page has it,
/// <c>query.serviceName</c>. Attributes are a JSON object (<c>query.attributes={"error":"true"}</c>) or single (<c>query.attributes[error]=true</c>).
/// </summary>
sealed class JaegerV3Request
{
    const string Prefix = "query.";
    const string Service = "query.service_name", Operation = "query.operation_name", TimeMin = "query.start_time_min", TimeMax = "query.start_time_max",
        DurationMin = "query.duration_min", DurationMax = "query.duration_max", Depth = "query.search_depth", OldDepth = "query.num_traces", Attributes = "query.attributes", RawTraces = "query.raw_traces";

    static readonly string[] Known = [Service, Operation, TimeMin, TimeMax, DurationMin, DurationMax, Depth, OldDepth, Attributes, RawTraces];

    public required TimeRange Range { get; init; }
    public required TraceFilter Filter { get; init; }
    public required int Limit { get; init; }

    /// <exception cref="RefusedException">A parameter is missing, wrong or not known.</exception>
    public static JaegerV3Request Read(IQueryCollection query)
    {
        var (named, attributes) = Sort(query);
        var range = new TimeRange(Time(named, TimeMin), Time(named, TimeMax));
        if (range.LengthNanos == 0) throw new RefusedException($"parameter '{TimeMax}' must be later than '{TimeMin}'");
        var filter = JaegerRequest.WithDurations(JaegerRequest.FilterOf(named[Service].ToString(), named[Operation].ToString()), named, DurationMin, DurationMax);
        if (named[Attributes].ToString() is { Length: > 0 } json) attributes.AddRange(JaegerRequest.JsonTags(json, Attributes));
        return new JaegerV3Request { Range = range, Filter = JaegerRequest.WithTags(filter, attributes), Limit = LimitOf(named) };
    }

    /// <summary>What begins with <c>query.</c> under its first name, and attributes that are given one by one.</summary>
    static (QueryCollection Named, List<(string Key, string Value)> Attributes) Sort(IQueryCollection query)
    {
        var named = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        var attributes = new List<(string, string)>();
        foreach (var (sent, value) in query)
        {
            if (!sent.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            if (sent.StartsWith(Attributes + "[", StringComparison.Ordinal) && sent.EndsWith(']'))
            {
                attributes.AddRange(value.Select(text => (sent[(Attributes.Length + 1)..^1], text ?? "")));
                continue;
            }
            var name = Snake(sent);
            if (name == "query.span_name") name = Operation; // Jaeger's own screens of 2.19 and later.
            if (!Known.Contains(name)) throw new RefusedException($"unknown parameter '{sent}', which would change what is found. There are: {string.Join(", ", Known)}");
            if (value.Count > 1) throw new RefusedException($"parameter '{sent}' is given {value.Count} times; give it once");
            named[name] = value;
        }
        return (new QueryCollection(named), attributes);
    }

    static string Snake(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter)) snake.Append('_').Append(char.ToLowerInvariant(letter));
            else snake.Append(letter);
        }
        return snake.ToString();
    }

    static long Time(QueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) throw new RefusedException($"{TimeMin} and {TimeMax} are required, such as 2026-03-01T10:00:00Z");
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixNanos()
            : throw new RefusedException($"malformed parameter {name}: \"{text}\" is not a time such as 2026-03-01T10:00:00Z");
    }

    static int LimitOf(QueryCollection query)
    {
        var name = query.ContainsKey(Depth) ? Depth : OldDepth;
        var text = query[name].ToString();
        if (text.Length == 0) return JaegerRequest.DefaultLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? Math.Min(limit, JaegerRequest.MaxLimit)
            : throw new RefusedException($"malformed parameter {name}: \"{text}\" is not a number above 0");
    }
}
