using System.Collections;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Where the values of some spans stand in one tag's column: it holds those of all spans that have the key, in order, so the values that belong to
/// other spans before have to be counted.
/// </summary>
sealed class ColumnRuns : IEnumerable<(int At, int First, int Count)>
{
    readonly List<(int At, int First, int Count)> _runs = [];
    int _passed;

    /// <summary>Values of all runs.</summary>
    public int Count { get; private set; }

    /// <summary>Behind the last value in the column.</summary>
    public int End => _runs.Count == 0 ? 0 : _runs[^1].First + _runs[^1].Count;

    /// <summary>The runs of each column.</summary>
    /// <param name="columnsOf">The columns of each list of keys.</param>
    public static ColumnRuns[] Of(SpanPlaces places, int[] shapeOf, ReadShapes shapes, int[][] columnsOf, int columns)
    {
        var runs = new ColumnRuns[columns];
        for (var column = 0; column < columns; column++) runs[column] = new ColumnRuns();
        var counter = new Counter(shapeOf, shapes.KeysOf, columnsOf, columns);
        var at = 0;
        foreach (var (from, to) in places.Runs)
        {
            counter.Count(at, from);
            for (var column = 0; column < columns; column++) runs[column]._passed += counter.Take(column);
            counter.Count(from, to);
            for (var column = 0; column < columns; column++) runs[column].Add(counter.Take(column));
            at = to;
        }
        return runs;
    }

    void Add(int count)
    {
        if (count == 0) return;
        _runs.Add((Count, _passed, count));
        Count += count;
        _passed += count;
    }

    /// <summary>Place among the values that are read, the first value's place in the column, and how many.</summary>
    public List<(int At, int First, int Count)>.Enumerator GetEnumerator() => _runs.GetEnumerator();

    IEnumerator<(int At, int First, int Count)> IEnumerable<(int At, int First, int Count)>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Counts the values that some spans have in each column: by their lists of keys first, which are few.</summary>
    sealed class Counter(int[] shapeOf, int[] keysOf, int[][] columnsOf, int columns)
    {
        readonly int[] _spansOf = new int[columnsOf.Length];
        readonly List<int> _met = [];
        readonly int[] _values = new int[columns];

        public void Count(int from, int to)
        {
            foreach (var shape in shapeOf.AsSpan(from, to - from)) if (_spansOf[keysOf[shape]]++ == 0) _met.Add(keysOf[shape]);
            foreach (var keys in _met)
            {
                foreach (var column in columnsOf[keys]) _values[column] += _spansOf[keys];
                _spansOf[keys] = 0;
            }
            _met.Clear();
        }

        public int Take(int column)
        {
            var values = _values[column];
            _values[column] = 0;
            return values;
        }
    }
}
