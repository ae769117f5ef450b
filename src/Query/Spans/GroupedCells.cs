using System.Runtime.InteropServices;
using Apm.Core.Spans;
using Apm.Query.Matching;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>Sums spans up in cells: one per group, bucket and number.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class GroupedCells(IReadOnlyList<SpanCompute> computes, IReadOnlyList<SpanGroupBy> groupBy, int bucketCount)
{
    readonly Dictionary<GroupKey, int> _groups = [];
    readonly List<GroupKey> _keys = [];
    readonly List<Cell?[]> _cells = []; // By group; bucket × computes + compute.
    ValueNumbers[] _values = [.. groupBy.Select(_ => new ValueNumbers())];
    bool _isClosed; // Takes no further group.
    long _leftOutSpanCount;
    readonly HashSet<GroupKey> _leftOut = []; // At most as many as there are groups.
    readonly DistinctBudget _distinct = new();

    /// <summary>Makes the one group that is there even without spans, when nothing is grouped by.</summary>
    public GroupedCells Begin()
    {
        if (groupBy.Count == 0) Enter(default);
        return this;
    }

    public int GroupCount => _groups.Count;

    /// <summary>Groups that there was no room for, counted up to <see cref="SpanAggregation.MaxGroups"/>.</summary>
    public int LeftOutGroupCount => _leftOut.Count;

    /// <summary>How many spans are in no group for want of room, as a sentence; null when none are.</summary>
    public string? GroupLimitReason => _leftOutSpanCount > 0 && !_isClosed
        ? $"There are more than {SpanAggregation.MaxGroups} groups; {_leftOutSpanCount} spans are in none of those counted. Group by a field with fewer values, or narrow the filter." : null;

    /// <summary>That numbers of distinct values are too low, as a sentence; null when they are not.</summary>
    public string? DistinctLimitReason => _distinct.IsSpent ? $"More than {SpanAggregation.MaxDistinctValues} distinct values were met; the numbers of distinct values are lower bounds." : null;

    /// <summary>Cells for the series of some groups, in their order; spans of other groups are passed over.</summary>
    public GroupedCells ForSeries(IReadOnlyList<int> groups, int buckets)
    {
        var series = new GroupedCells(computes, groupBy, buckets) { _values = _values, _isClosed = true };
        foreach (var group in groups) series.Enter(_keys[group]);
        return series;
    }

    public void Add(SpanBatch batch, ReadOnlySpan<int> spans, Func<SpanBatch, int, int> bucketOf)
    {
        var readers = groupBy.Select((by, i) => new KeyReader(ReaderOf(by, batch), _values[i], by.Missing)).ToArray();
        var measures = computes.Select(compute => compute.Measure is { } measure ? FieldReader.Of(measure, batch) : null).ToArray();
        var texts = computes.Select(_ => new Dictionary<long, ulong>()).ToArray();
        foreach (var span in spans)
        {
            if (GroupOf(readers, span) is not { } group) continue;
            var cells = _cells[group];
            var first = bucketOf(batch, span) * computes.Count;
            for (var i = 0; i < computes.Count; i++) Add(cells, first + i, computes[i], measures[i], texts[i], span);
        }
    }

    static FieldReader ReaderOf(SpanGroupBy by, SpanBatch batch)
    {
        var reader = FieldReader.Of(by.Field, batch);
        return by.InPowersOfTwo ? new PowerOfTwoReader(reader) : by.Histogram is { } histogram ? new HistogramReader(reader, histogram) : reader;
    }

    void Add(Cell?[] cells, int at, SpanCompute compute, FieldReader? measure, Dictionary<long, ulong> texts, int span)
    {
        if (measure is null)
        {
            (cells[at] ??= new Cell()).Count++;
            return;
        }
        if (compute.Function is SpanFunction.Count or SpanFunction.Rate or SpanFunction.Cardinality)
        {
            var code = measure.CodeAt(span);
            if (code == FieldReader.None) return;
            var counted = cells[at] ??= new Cell();
            counted.Count++;
            if (compute.Function != SpanFunction.Cardinality) return;
            if (!texts.TryGetValue(code, out var hash)) texts.Add(code, hash = TextHash.Of(measure.TextOf(code)));
            counted.AddDistinct(hash, _distinct);
            return;
        }
        if (!measure.TryNumber(span, out var number) || !double.IsFinite(number)) return;
        (cells[at] ??= new Cell()).Add(number, compute.Function == SpanFunction.Percentile);
    }

    int? GroupOf(KeyReader[] readers, int span)
    {
        var key = default(GroupKey);
        for (var i = 0; i < readers.Length; i++)
        {
            var value = readers[i].NumberAt(span);
            if (value < 0) return null;
            key = key.With(i, value);
        }
        if (_groups.TryGetValue(key, out var group)) return group;
        if (!_isClosed && _groups.Count < SpanAggregation.MaxGroups) return Enter(key);
        _leftOutSpanCount++;
        if (!_isClosed && _leftOut.Count < SpanAggregation.MaxGroups) _leftOut.Add(key);
        return null;
    }

    int Enter(GroupKey key)
    {
        _groups.Add(key, _keys.Count);
        _keys.Add(key);
        _cells.Add(new Cell?[bucketCount * computes.Count]);
        return _keys.Count - 1;
    }

    public IReadOnlyList<string> ValuesOf(int group) => [.. groupBy.Select((_, i) => _values[i].TextOf(_keys[group][i]))];

    /// <summary>The value of a group's field as a number, the same for the same value.</summary>
    public int ValueNumber(int group, int field) => _keys[group][field];

    public IReadOnlyList<double?> Read(int group, int bucket, double seconds) =>
        [.. computes.Select((compute, i) => Cell.Read(_cells[group][bucket * computes.Count + i], compute, seconds))];

    public IReadOnlyList<IReadOnlyList<double?>> ReadSeries(int group, double bucketSeconds) =>
        [.. computes.Select((compute, i) => (IReadOnlyList<double?>)[.. Enumerable.Range(0, bucketCount).Select(bucket => Cell.Read(_cells[group][bucket * computes.Count + i], compute, bucketSeconds))])];

    /// <summary>One number computed of several groups together, to order what holds them.</summary>
    public double? ReadTogether(IEnumerable<int> groups, int compute, double seconds)
    {
        Cell? sum = null;
        foreach (var group in groups)
            if (_cells[group][compute] is { } cell) (sum ??= new Cell()).Merge(cell);
        return Cell.Read(sum, computes[compute], seconds);
    }

    /// <summary>Numbers for the values of one field over all batches.</summary>
    sealed class ValueNumbers
    {
        readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
        readonly List<string> _texts = [];

        public int Of(string text)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, text, out var isKnown);
            if (isKnown) return number;
            _texts.Add(text);
            return number = _texts.Count - 1;
        }

        public string TextOf(int number) => _texts[number];
    }

    /// <summary>The number of a span's value; -1 when it has none.</summary>
    sealed class KeyReader(FieldReader reader, ValueNumbers values, string? missing)
    {
        readonly Dictionary<long, int> _numbers = [];

        public int NumberAt(int span)
        {
            var code = reader.CodeAt(span);
            if (code == FieldReader.None && missing is null) return -1;
            if (_numbers.TryGetValue(code, out var number)) return number;
            number = values.Of(code == FieldReader.None ? missing! : reader.TextOf(code));
            _numbers.Add(code, number);
            return number;
        }
    }

    /// <summary>Numbers of up to four values.</summary>
    readonly record struct GroupKey(int First, int Second, int Third, int Fourth)
    {
        public int this[int field] => field switch { 0 => First, 1 => Second, 2 => Third, _ => Fourth };

        public GroupKey With(int field, int value) => field switch
        {
            0 => this with { First = value },
            1 => this with { Second = value },
            2 => this with { Third = value },
            _ => this with { Fourth = value },
        };
    }
}
