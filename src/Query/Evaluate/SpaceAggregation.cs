using Apm.Query.Frames;

namespace Apm.Query.Evaluate;

/// <summary>Joins the series of one group, bucket by bucket, while they come in.</summary>
sealed class SpaceAggregation(BucketMethod method, int bucketCount)
{
    readonly double[] _values = new double[bucketCount];
    readonly int[] _counts = new int[bucketCount];

    /// <summary>Adds a series; NaN where it has nothing.</summary>
    public void Add(double[] values)
    {
        var (joined, counts) = (_values, _counts);
        for (var i = 0; i < joined.Length; i++)
        {
            var value = values[i];
            if (double.IsNaN(value)) continue;
            var isFirst = counts[i]++ == 0;
            switch (method)
            {
                case BucketMethod.Min:
                    if (isFirst || value < joined[i]) joined[i] = value;
                    break;
                case BucketMethod.Max:
                    if (isFirst || value > joined[i]) joined[i] = value;
                    break;
                default:
                    joined[i] += value;
                    break;
            }
        }
    }

    /// <summary>The values of the group; NaN where no series has one.</summary>
    public double[] Result()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            if (_counts[i] == 0) _values[i] = double.NaN;
            else if (method == BucketMethod.Avg) _values[i] /= _counts[i];
            else if (method == BucketMethod.Count) _values[i] = _counts[i];
        }
        return _values;
    }
}
