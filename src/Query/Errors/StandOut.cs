using System.Globalization;
using Apm.Core.Spans;

namespace Apm.Query.Errors;

/// <summary>Finds the attributes that are more frequent on some spans than on others. Pure.</summary>
public static class StandOut
{
    /// <summary>Attributes given at most; default 8.</summary>
    public const int MaxAttributes = 8;

    /// <summary>An attribute stands out from this difference of shares on; default 0.2. Smaller ones may well be chance.</summary>
    public const double MinDifference = 0.2;

    /// <summary>Fewer spans on a side prove nothing; default 5.</summary>
    public const int MinSpans = 5;

    /// <summary>Longest value that is compared; default 200 characters.</summary>
    public const int MaxValueChars = 200;

    /// <summary>Sorted by the difference of shares. Empty when there are too few spans on either side.</summary>
    public static IReadOnlyList<StandingOut> Of(IReadOnlyList<Span> these, IReadOnlyList<Span> others)
    {
        if (these.Count < MinSpans || others.Count < MinSpans) return [];
        var (here, there) = (Shares(these), Shares(others));
        return
        [
            .. here.Select(pair => new StandingOut(pair.Key.Key, pair.Key.Value, pair.Value, there.GetValueOrDefault(pair.Key)))
                .Where(attribute => attribute.Share - attribute.ShareOfOthers >= MinDifference)
                .OrderByDescending(attribute => attribute.Share - attribute.ShareOfOthers).ThenBy(attribute => attribute.Key, StringComparer.Ordinal)
                .DistinctBy(attribute => attribute.Key).Take(MaxAttributes),
        ];
    }

    static Dictionary<(string Key, string Value), double> Shares(IReadOnlyList<Span> spans)
    {
        var counts = new Dictionary<(string Key, string Value), double>();
        foreach (var span in spans)
        {
            Count("resource", span.Resource);
            Count("env", span.Env);
            foreach (var (key, value) in span.Tags) if (Tells(key)) Count(key, value);
            foreach (var (key, value) in span.Numbers) if (Tells(key)) Count(key, value.ToString("R", CultureInfo.InvariantCulture));
        }
        foreach (var key in counts.Keys) counts[key] /= spans.Count;
        return counts;

        void Count(string key, string value)
        {
            if (value.Length is 0 or > MaxValueChars) return;
            counts[(key, value)] = counts.GetValueOrDefault((key, value)) + 1;
        }
    }

    /// <summary>What says the error itself stands out by nature, and what belongs to the tracer says nothing.</summary>
    static bool Tells(string key) =>
        !key.StartsWith('_') && !key.StartsWith("error", StringComparison.Ordinal) && !key.StartsWith("otel.status", StringComparison.Ordinal) && !key.StartsWith("exception", StringComparison.Ordinal)
        // The resource says as much, in words that are the same for each request.
        && key is not (TagNames.HttpUrl or TagNames.HttpRoute or TagNames.HttpMethod or TagNames.HttpEndpoint or "http.target" or "url.full" or "url.path" or "http.request.method" or "http.path_group")
        && key is not (TagNames.SpanEvents or TagNames.HttpStatusCode or "http.response.status_code" or TagNames.ProcessId or TagNames.RuntimeId or "thread.id" or "thread.name");
}

/// <summary>An attribute and how frequent it is.</summary>
/// <param name="Share">Part of the spans that have it, 0 to 1.</param>
/// <param name="ShareOfOthers">The same of the spans compared with.</param>
public sealed record StandingOut(string Key, string Value, double Share, double ShareOfOthers);
