using System.Globalization;
using System.Runtime.InteropServices;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Finds the keys that tell spans apart, and counts their values.</summary>
/// <remarks>
/// Looks at the first <see cref="MaxSpans"/> spans that it is given; those counts are exact for them, and the facet says of how many spans it is.
/// What spans have too many different values of (ids, addresses) is no facet, unless it was asked for. Not thread-safe.
/// </remarks>
sealed class TagCounts(IReadOnlyList<string> asked)
{
    /// <summary>Spans whose tags are counted; default 20,000.</summary>
    public const int MaxSpans = 20_000;

    /// <summary>Most facets besides those that were asked for; default 8.</summary>
    public const int MaxFacets = 8;

    /// <summary>Most keys counted; default 500.</summary>
    public const int MaxKeys = 500;

    /// <summary>Most different values counted of a key; default 500. A key with more is a facet only when it was asked for.</summary>
    public const int MaxValues = 500;

    /// <summary>A key with more different values than this is no facet unless asked for; default 50.</summary>
    public const int MaxTellingValues = 50;

    /// <summary>What people narrow by most comes first.</summary>
    static readonly string[] Preferred =
        ["http.status_code", "http.method", "version", "_dd.hostname", "http.route", "db.system", "rpc.service", "messaging.system", "error.type", "component", "language"];

    readonly Dictionary<string, Dictionary<string, long>> _values = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> _kept = new(StringComparer.Ordinal);
    int _looked;

    public void Add(SpanBatch batch, ReadOnlySpan<int> spans)
    {
        if (_looked == MaxSpans) return;
        if (spans.Length > MaxSpans - _looked) spans = spans[^(MaxSpans - _looked)..];
        _looked += spans.Length;
        var texts = new Dictionary<(int Key, int Value), long>();
        var numbers = new Dictionary<(int Key, double Value), long>();
        foreach (var span in spans)
        {
            foreach (var (key, value) in batch.Tags.Of(span)) CollectionsMarshal.GetValueRefOrAddDefault(texts, (key, value), out _)++;
            foreach (var (key, value) in batch.Numbers.Of(span)) CollectionsMarshal.GetValueRefOrAddDefault(numbers, (key, value), out _)++;
            if (batch.Flags[span].Verdict().Word() is { Length: > 0 } word) CollectionsMarshal.GetValueRefOrAddDefault(_kept, word, out _)++;
        }
        foreach (var ((key, value), count) in texts) Count(batch.Strings.Text(key), batch.Strings.Text(value), count);
        foreach (var ((key, value), count) in numbers) Count(batch.Strings.Text(key), value.ToString("R", CultureInfo.InvariantCulture), count);
    }

    /// <summary>The facets that were asked for, then those that tell most, the best known first.</summary>
    /// <param name="most">Most values of each.</param>
    public IReadOnlyList<TagFacet> Facets(int most)
    {
        var chosen = asked.Where(key => key.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        var telling = _values.Where(pair => pair.Value.Count is > 1 and <= MaxTellingValues && !chosen.Contains(pair.Key) && (pair.Key[0] != '_' || Preferred.Contains(pair.Key)))
            .OrderBy(pair => Array.IndexOf(Preferred, pair.Key) is >= 0 and var place ? place : Preferred.Length)
            .ThenByDescending(pair => pair.Value.Values.Sum()).ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Take(MaxFacets).Select(pair => pair.Key);
        var facets = chosen.Concat(telling).Select(key => FacetOf("@" + key, _values.GetValueOrDefault(key) ?? [], most)).ToList();
        if (_kept.Count > 1) facets.Insert(chosen.Count, FacetOf("kept", _kept, most));
        return facets;
    }

    TagFacet FacetOf(string key, Dictionary<string, long> counts, int most) => new(
        key,
        [.. counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(most).Select(pair => new FacetValue(pair.Key, pair.Value))],
        counts.Count,
        _looked);

    void Count(string key, string value, long count)
    {
        if (key.Length == 0 || value.Length == 0) return;
        if (!_values.TryGetValue(key, out var values))
        {
            if (_values.Count >= MaxKeys && !asked.Contains(key)) return;
            _values.Add(key, values = new(StringComparer.Ordinal));
        }
        if (values.Count < MaxValues || values.ContainsKey(value)) CollectionsMarshal.GetValueRefOrAddDefault(values, value, out _) += count;
    }
}
