using System.Collections.Concurrent;

namespace Apm.Core.Counting;

/// <summary>
/// What happened, by name and labels, since the process started: payloads received, spans repaired, drops.
/// Everything that is dropped, refused or repaired has a counter here; <c>apm status</c> and the screens show them.
/// </summary>
/// <remarks>Thread-safe. At most <see cref="MaxSeries"/> label sets; what would be more counts under <c>other</c>.</remarks>
public sealed class Counters
{
    /// <summary>Most distinct (name, labels) pairs kept; default 4096. More are counted under the label <c>other</c>.</summary>
    public const int MaxSeries = 4096;

    /// <summary>
    /// Most pairs of one name; default 1024, so that a flood of services leaves room for the other counters. Beyond it the
    /// service is counted as <see cref="OtherService"/> under its label, which keeps the reasons apart.
    /// </summary>
    public const int MaxSeriesOfName = 1024;

    /// <summary>Stands for the services beyond <see cref="MaxSeriesOfName"/>.</summary>
    public const string OtherService = "(other)";

    readonly ConcurrentDictionary<CounterKey, StrongBox> _values = new();
    readonly ConcurrentDictionary<string, int> _seriesOfName = new(StringComparer.Ordinal);

    /// <summary>Adds to a counter.</summary>
    /// <param name="name">Snake case, plural: <c>spans_received</c>.</param>
    /// <param name="label">What it is split by, such as a reason; "" for none.</param>
    /// <param name="count">How many; not negative.</param>
    /// <param name="service">The service it concerns; "" when it concerns none.</param>
    public void Add(string name, string label = "", long count = 1, string service = "")
    {
        if (count == 0) return;
        var key = new CounterKey(name, label, service);
        Interlocked.Add(ref BoxOf(key).Value, count);
    }

    StrongBox BoxOf(CounterKey key)
    {
        if (_values.TryGetValue(key, out var known)) return known;
        var ofName = _seriesOfName.GetValueOrDefault(key.Name);
        if (ofName >= MaxSeriesOfName) key = key with { Service = key.Service.Length > 0 ? OtherService : "" };
        if (_values.TryGetValue(key, out known)) return known;
        if (ofName >= 2 * MaxSeriesOfName || _values.Count >= MaxSeries) key = new CounterKey(key.Name, "other", "");
        var isNew = false;
        var box = _values.GetOrAdd(key, _ =>
        {
            isNew = true;
            return new StrongBox();
        });
        if (isNew) _seriesOfName.AddOrUpdate(key.Name, 1, (_, count) => count + 1);
        return box;
    }

    /// <summary>A counter's value, labels and services summed unless given; 0 when it never counted.</summary>
    public long Read(string name, string? label = null, string? service = null) =>
        _values.Where(pair => pair.Key.Name == name && (label is null || pair.Key.Label == label) && (service is null || pair.Key.Service == service))
            .Sum(pair => Interlocked.Read(ref pair.Value.Value));

    /// <summary>All counters, ordered by name, label, service.</summary>
    public IReadOnlyList<CounterValue> ReadAll() =>
        [.. _values.Select(pair => new CounterValue(pair.Key.Name, pair.Key.Label, pair.Key.Service, Interlocked.Read(ref pair.Value.Value)))
            .OrderBy(value => value.Name, StringComparer.Ordinal)
            .ThenBy(value => value.Label, StringComparer.Ordinal)
            .ThenBy(value => value.Service, StringComparer.Ordinal)];

    readonly record struct CounterKey(string Name, string Label, string Service);

    sealed class StrongBox
    {
        public long Value;
    }
}

/// <summary>One counter as it stands.</summary>
/// <param name="Name">Such as <c>payloads_rejected</c>.</param>
/// <param name="Label">Such as <c>too_large</c>; "" for none.</param>
/// <param name="Service">"" when it concerns no service.</param>
/// <param name="Value">Since the process started.</param>
public sealed record CounterValue(string Name, string Label, string Service, long Value);
