using System.Buffers;
using System.Runtime.InteropServices;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Counts values of a text column over batches: by index within a batch, by text across them.</summary>
sealed class ValueCounts
{
    /// <summary>Most distinct values counted; default 20,000. What would be more is not counted.</summary>
    const int MaxValues = 20_000;

    readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    public void Add(StringTable strings, int[] column, ReadOnlySpan<int> spans)
    {
        var counts = ArrayPool<int>.Shared.Rent(strings.Count);
        var met = new List<int>();
        Array.Clear(counts, 0, strings.Count);
        foreach (var span in spans) if (counts[column[span]]++ == 0) met.Add(column[span]);
        foreach (var index in met)
        {
            if (index == 0) continue; // "" is no value.
            var text = strings.Text(index);
            if (_counts.Count >= MaxValues && !_counts.ContainsKey(text)) continue;
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, text, out _) += counts[index];
        }
        ArrayPool<int>.Shared.Return(counts);
    }

    public IReadOnlyList<FacetValue> Top(int limit) =>
        [.. _counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(limit).Select(pair => new FacetValue(pair.Key, pair.Value))];
}
