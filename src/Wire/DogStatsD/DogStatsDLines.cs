namespace Apm.Wire.DogStatsD;

/// <summary>What a line is, by how it begins.</summary>
public enum DogStatsDLineKind
{
    Metric,
    Event,
    ServiceCheck,
}

/// <summary>
/// The lines of a packet (metrics-monitors §2.2): <c>foreach (var line in new DogStatsDLines(packet))</c>. Empty ones are passed over, and so is
/// the carriage return of clients that end lines as Windows does.
/// </summary>
public ref struct DogStatsDLines(ReadOnlySpan<byte> packet)
{
    ReadOnlySpan<byte> _rest = packet;

    /// <summary>The line at hand, a part of the packet.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly DogStatsDLines GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_rest.Length > 0)
        {
            var end = _rest.IndexOf((byte)'\n');
            var line = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (line.Length > 0 && line[^1] == '\r') line = line[..^1];
            if (line.Length == 0) continue;
            Current = line;
            return true;
        }
        return false;
    }

    /// <summary>What a line is.</summary>
    public static DogStatsDLineKind KindOf(ReadOnlySpan<byte> line) =>
        line.Length == 0 || line[0] != '_' ? DogStatsDLineKind.Metric
        : line.StartsWith("_e{"u8) ? DogStatsDLineKind.Event
        : line.StartsWith("_sc"u8) ? DogStatsDLineKind.ServiceCheck
        : DogStatsDLineKind.Metric;
}
