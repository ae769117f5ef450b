namespace Apm.Wire.DogStatsD;

/// <summary>A metric line as it came: parts of its bytes, nothing copied. Valid as long as the packet is.</summary>
public readonly ref struct MetricLine
{
    /// <summary>Not empty; not normalised.</summary>
    public required ReadOnlySpan<byte> Name { get; init; }

    /// <summary>All that stands between the first colon and the first bar; of a set the value itself.</summary>
    public required ReadOnlySpan<byte> RawValues { get; init; }

    public required StatsdType Type { get; init; }

    /// <summary>The first number; 0 for sets.</summary>
    public double FirstValue { get; init; }

    /// <summary>How many numbers there are, at least 1; 1 for sets.</summary>
    public int ValueCount { get; init; }

    /// <summary>Share of the samples that were sent; at least <see cref="MetricLineReader.SmallestRate"/>, 1 when none came.</summary>
    public required double SampleRate { get; init; }

    /// <summary>The tags with commas between; empty for none.</summary>
    public ReadOnlySpan<byte> Tags { get; init; }

    /// <summary>Time of the value; 0 when none came.</summary>
    public long UnixSeconds { get; init; }

    /// <summary>What stands behind <c>c:</c>; empty for none.</summary>
    public ReadOnlySpan<byte> Container { get; init; }

    /// <summary>What stands behind <c>e:</c>; empty for none.</summary>
    public ReadOnlySpan<byte> ExternalData { get; init; }

    /// <summary>What stands behind <c>card:</c>; empty for none.</summary>
    public ReadOnlySpan<byte> Cardinality { get; init; }

    /// <summary>All numbers; none for sets.</summary>
    public StatsdValues Values => new(Type == StatsdType.Set ? [] : RawValues);
}

/// <summary>The numbers of a metric line; empty items are passed over.</summary>
public ref struct StatsdValues(ReadOnlySpan<byte> raw)
{
    ReadOnlySpan<byte> _rest = raw;

    public double Current { get; private set; }

    public readonly StatsdValues GetEnumerator() => this;

    /// <summary>The line was read already, so that all items are numbers.</summary>
    public bool MoveNext()
    {
        while (_rest.Length > 0)
        {
            var colon = _rest.IndexOf((byte)':');
            var item = colon < 0 ? _rest : _rest[..colon];
            _rest = colon < 0 ? [] : _rest[(colon + 1)..];
            if (item.Length == 0 || !StatsdNumber.TryRead(item, out var value)) continue;
            Current = value;
            return true;
        }
        return false;
    }
}

/// <summary>Parts of a line that a character separates, such as tags; empty ones are passed over.</summary>
public ref struct StatsdParts(ReadOnlySpan<byte> raw, byte separator)
{
    ReadOnlySpan<byte> _rest = raw;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly StatsdParts GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_rest.Length > 0)
        {
            var end = _rest.IndexOf(separator);
            Current = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (Current.Length > 0) return true;
        }
        return false;
    }
}
