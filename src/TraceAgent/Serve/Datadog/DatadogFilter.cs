using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Which spans: <c>filter.query</c> in Datadog's search syntax, <c>filter.from</c>, <c>filter.to</c>.</summary>
sealed record DatadogFilter(string Query, TraceFilter Filter, TimeRange Range)
{
    /// <summary>The member <c>filter</c> of a search.</summary>
    public static DatadogBody Of(DatadogBody search) => search.Object("filter").Only("query", "from", "to");

    /// <summary>The member <c>options</c> of a search.</summary>
    public static DatadogBody OptionsOf(DatadogBody search) => search.Object("options").Only("timezone", "timeOffset");

    /// <exception cref="RefusedException">A part is wrong.</exception>
    public static DatadogFilter Read(string? query, string? from, string? to, TimeZoneInfo zone, long nowUnixNanos)
    {
        query = string.IsNullOrWhiteSpace(query) ? "*" : query.Trim();
        var range = new TimeRange(
            DatadogTime.Parse(string.IsNullOrEmpty(from) ? DatadogTime.DefaultFrom : from, "filter.from", nowUnixNanos, zone),
            DatadogTime.Parse(string.IsNullOrEmpty(to) ? "now" : to, "filter.to", nowUnixNanos, zone));
        if (range.LengthNanos == 0) throw new RefusedException("The range is empty: filter.to must be later than filter.from.");
        try
        {
            return new DatadogFilter(query, query == "*" ? TraceFilter.Empty : TraceFilterParser.Parse(query), range);
        }
        catch (QueryTextException wrong)
        {
            throw new RefusedException("filter.query: " + wrong.Message);
        }
    }
}
