using Apm.Core;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Which spans of a block are read: their places in its order, as runs of neighbours. At least one.</summary>
/// <remarks>Nobody changes it.</remarks>
sealed class SpanPlaces
{
    readonly int[]? _places; // Null when they are one run.

    SpanPlaces(IReadOnlyList<(int From, int To)> runs, int[]? places, int count) => (Runs, _places, Count) = (runs, places, count);

    /// <summary>Places [from, to) each, ascending.</summary>
    public IReadOnlyList<(int From, int To)> Runs { get; }

    public int Count { get; }

    /// <summary>Behind the last place.</summary>
    public int End => Runs[^1].To;

    /// <summary>The place of the i-th.</summary>
    public int this[int index] => _places is null ? Runs[0].From + index : _places[index];

    /// <summary>The places [from, to).</summary>
    public static SpanPlaces Between(int from, int to)
    {
        Invariant.Holds(from < to);
        return new SpanPlaces([(from, to)], null, to - from);
    }

    /// <summary>Single places, ascending; owned by the result from here on.</summary>
    public static SpanPlaces Of(int[] places)
    {
        Invariant.Holds(places.Length > 0);
        var runs = new List<(int From, int To)>();
        foreach (var place in places)
        {
            if (runs.Count > 0 && runs[^1].To == place) runs[^1] = (runs[^1].From, place + 1);
            else runs.Add((place, place + 1));
        }
        return new SpanPlaces(runs, runs.Count == 1 ? null : places, places.Length);
    }

    /// <summary>Some of these.</summary>
    /// <param name="indexes">Which, ascending.</param>
    public SpanPlaces Some(ReadOnlySpan<int> indexes)
    {
        var places = new int[indexes.Length];
        for (var i = 0; i < places.Length; i++) places[i] = this[indexes[i]];
        return Of(places);
    }
}
