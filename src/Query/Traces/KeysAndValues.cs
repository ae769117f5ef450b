using System.Globalization;
using System.Runtime.InteropServices;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>
/// What can be typed next: real keys and values with how often they occur, from the newest spans of a range.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class KeysAndValues(ITraceReader reader, TimeProvider clock)
{
    /// <summary>Spans looked at; default 50,000, the newest.</summary>
    public const int MaxSpans = 50_000;

    /// <summary>Longest time spent; default 300 ms, since somebody is typing.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(300);

    /// <summary>Most distinct values counted; default 10,000.</summary>
    public const int MaxDistinct = 10_000;

    /// <summary>Only spans that satisfy it are looked at; default all.</summary>
    public TraceFilter Filter { get; init; } = TraceFilter.Empty;

    /// <summary>The words of the language that begin so, then tag keys with <c>@</c>, the most frequent first.</summary>
    /// <param name="prefix">What was typed, case ignored; an <c>@</c> in front asks for tag keys only.</param>
    /// <param name="limit">Most entries given.</param>
    public IReadOnlyList<FacetValue> Keys(TimeRange range, string prefix, int limit, CancellationToken cancel = default)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var wanted = prefix.TrimStart('@');
        Scan(range, (batch, spans) => CountKeys(counts, batch, spans), cancel);
        var words = prefix.StartsWith('@') ? [] : FilterWords.Keys.Where(word => word.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)).Select(word => new FacetValue(word, 0));
        return [.. words.Concat(Top(counts, wanted).Select(key => new FacetValue("@" + key.Value, key.SpanCount))).Take(limit)];
    }

    /// <summary>Values of a key that begin so, the most frequent first; counts are 0 for words of the language.</summary>
    /// <param name="key">A word of the language, or <c>@</c> and a tag's key; of an unknown one there are no values.</param>
    /// <param name="prefix">What was typed, case ignored.</param>
    /// <param name="limit">Most entries given.</param>
    public IReadOnlyList<FacetValue> Values(TimeRange range, string key, string prefix, int limit, CancellationToken cancel = default)
    {
        var field = key.StartsWith('@') ? FilterField.Tag : FilterWords.FieldOf(key);
        if (field is FilterField.Status or FilterField.Kind)
            return [.. (field == FilterField.Status ? FilterWords.Statuses : FilterWords.Kinds).Where(word => word.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).Take(limit).Select(word => new FacetValue(word, 0))];
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        Scan(range, (batch, spans) =>
        {
            if (field == FilterField.Tag) CountTag(counts, batch, spans, key[1..]);
            else if (field is { } known && FieldReader.TextColumn(known, batch) is { } column) CountColumn(counts, batch, spans, column);
        }, cancel);
        return [.. Top(counts, prefix).Take(limit)];
    }

    /// <summary>Tag keys, without <c>@</c>, that hold a text: those that begin so first, then by how many spans have them.</summary>
    /// <param name="typed">Case ignored; "" for all keys.</param>
    public KnownValues CompleteKeys(TimeRange range, string typed, int limit, CancellationToken cancel = default)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var looked = Scan(range, (batch, spans) => CountKeys(counts, batch, spans), cancel);
        return Known(counts, typed, limit, looked);
    }

    /// <summary>Values of a key that hold a text: those that begin so first, then by how many spans have them. Words of the language have counts too.</summary>
    /// <param name="key">A word of the language, or <c>@</c> and a tag's key; of an unknown one there are no values.</param>
    /// <param name="typed">Case ignored; "" for all values.</param>
    public KnownValues Complete(TimeRange range, string key, string typed, int limit, CancellationToken cancel = default)
    {
        var field = key.StartsWith('@') ? FilterField.Tag : FilterWords.FieldOf(key);
        field = field switch { FilterField.RootService => FilterField.Service, FilterField.RootOperation => FilterField.Operation, FilterField.RootResource => FilterField.Resource, _ => field };
        if (field is null or FilterField.TraceId or FilterField.SpanId or FilterField.ParentId or FilterField.Duration || field.Value.IsOfTrace()) return new KnownValues([], 0, 0, false);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var looked = Scan(range, (batch, spans) =>
        {
            if (field == FilterField.Tag) CountTag(counts, batch, spans, key[1..].Trim('"'));
            else CountField(counts, FieldReader.Of(new SpanField(field.Value, ""), batch), spans);
        }, cancel);
        return Known(counts, typed, limit, looked);
    }

    static KnownValues Known(Dictionary<string, long> counts, string typed, int limit, (long SpanCount, bool IsPart) looked)
    {
        var holding = counts.Where(pair => pair.Key.Length > 0 && pair.Key.Contains(typed, StringComparison.OrdinalIgnoreCase)).ToList();
        var best = holding.OrderByDescending(pair => pair.Key.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).ThenByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal);
        return new KnownValues([.. best.Take(limit).Select(pair => new FacetValue(pair.Key, pair.Value))], holding.Count, looked.SpanCount, looked.IsPart || counts.Count >= MaxDistinct);
    }

    (long SpanCount, bool IsPart) Scan(TimeRange range, Action<SpanBatch, int[]> take, CancellationToken cancel)
    {
        var looked = 0;
        var scan = new MatchScan(reader, clock, range, Filter) { Deadline = Deadline };
        scan.Run((batch, _, matching) =>
        {
            var newest = matching.Length > MaxSpans - looked ? matching[^(MaxSpans - looked)..] : matching;
            looked += newest.Length;
            take(batch, newest.ToArray());
            if (looked >= MaxSpans) scan.Stop("Enough for completion.");
        }, cancel);
        return (looked, scan.IncompleteReason is not null);
    }

    static void CountKeys(Dictionary<string, long> counts, SpanBatch batch, int[] spans)
    {
        var byKey = new Dictionary<int, long>();
        foreach (var span in spans)
        {
            foreach (var (key, _) in batch.Tags.Of(span)) CollectionsMarshal.GetValueRefOrAddDefault(byKey, key, out _)++;
            foreach (var (key, _) in batch.Numbers.Of(span)) CollectionsMarshal.GetValueRefOrAddDefault(byKey, key, out _)++;
        }
        foreach (var (key, count) in byKey) Count(counts, batch.Strings.Text(key), count);
    }

    static void CountField(Dictionary<string, long> counts, FieldReader reader, int[] spans)
    {
        var codes = new Dictionary<long, long>();
        foreach (var span in spans) if (reader.CodeAt(span) is var code && code != FieldReader.None) CollectionsMarshal.GetValueRefOrAddDefault(codes, code, out _)++;
        foreach (var (code, count) in codes) Count(counts, reader.TextOf(code), count);
    }

    static void CountTag(Dictionary<string, long> counts, SpanBatch batch, int[] spans, string tag)
    {
        var key = batch.Strings.Find(tag);
        if (key < 0) return;
        var texts = new Dictionary<int, long>();
        foreach (var span in spans)
        {
            if (batch.Tags.TryGet(span, key, out var text)) CollectionsMarshal.GetValueRefOrAddDefault(texts, text, out _)++;
            else if (batch.Numbers.TryGet(span, key, out var number)) Count(counts, number.ToString("R", CultureInfo.InvariantCulture), 1);
        }
        foreach (var (text, count) in texts) Count(counts, batch.Strings.Text(text), count);
    }

    static void CountColumn(Dictionary<string, long> counts, SpanBatch batch, int[] spans, int[] column)
    {
        var texts = new Dictionary<int, long>();
        foreach (var span in spans) CollectionsMarshal.GetValueRefOrAddDefault(texts, column[span], out _)++;
        foreach (var (text, count) in texts) if (text != 0) Count(counts, batch.Strings.Text(text), count);
    }

    static void Count(Dictionary<string, long> counts, string text, long count)
    {
        if (counts.Count < MaxDistinct || counts.ContainsKey(text)) CollectionsMarshal.GetValueRefOrAddDefault(counts, text, out _) += count;
    }

    static IEnumerable<FacetValue> Top(Dictionary<string, long> counts, string prefix) =>
        counts.Where(pair => pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new FacetValue(pair.Key, pair.Value));
}

/// <summary>What a word can become.</summary>
/// <param name="Values">The best of them.</param>
/// <param name="TotalCount">How many there are; at least so many when <paramref name="IsPart"/>.</param>
/// <param name="LookedAtSpanCount">The counts are of so many spans.</param>
/// <param name="IsPart">There are more spans than were looked at, which were the newest, or more different values than are counted.</param>
public sealed record KnownValues(IReadOnlyList<FacetValue> Values, int TotalCount, long LookedAtSpanCount, bool IsPart);
