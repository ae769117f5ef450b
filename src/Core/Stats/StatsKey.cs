namespace Apm.Core.Stats;

/// <summary>
/// What statistics are counted by (trace-intake §3.5). Texts are "" when absent; comparisons are ordinal.
/// </summary>
public sealed record StatsKey
{
    /// <summary>The resource under which is counted what came after the limit of distinct keys was reached.</summary>
    public const string OverflowResource = "(too many resources)";

    public required string Service { get; init; }

    /// <summary>Operation name.</summary>
    public required string Name { get; init; }

    /// <summary>Endpoint, statement … after normalisation.</summary>
    public required string Resource { get; init; }
    public string Type { get; init; } = "";
    public string Env { get; init; } = "";
    public string Version { get; init; } = "";
    public string Hostname { get; init; } = "";

    /// <summary>Tag <c>span.kind</c> as it came.</summary>
    public string Kind { get; init; } = "";

    /// <summary>0 when the span had none.</summary>
    public int HttpStatusCode { get; init; }

    /// <summary>Number as text; "" when the span had none (trace-intake §3.6).</summary>
    public string GrpcStatusCode { get; init; } = "";
    public bool IsTraceRoot { get; init; }
    public bool IsSynthetics { get; init; }

    /// <summary>Sorted <c>key:value</c> entries joined by a zero byte; "" for none (trace-intake §3.7).</summary>
    public string PeerTags { get; init; } = "";
    public string HttpMethod { get; init; } = "";
    public string HttpEndpoint { get; init; } = "";
}

/// <summary>What is counted for one key in one bucket (trace-intake §3.8).</summary>
/// <remarks>Not thread-safe. Counts are weighted by the inverse of the tracer's sample rate; sketches are not.</remarks>
public sealed class StatsCell
{
    readonly IStoredSketches? _stored;
    readonly int _storedIndex;
    DDSketch? _okNanos;
    DDSketch? _errorNanos;

    public StatsCell()
    {
    }

    /// <summary>A stored cell: its sketches are read when somebody asks for them, which most readers of counts never do.</summary>
    /// <param name="stored">Where the sketches are; must give the same ones at any time.</param>
    /// <param name="index">The cell's place there.</param>
    public StatsCell(IStoredSketches stored, int index)
    {
        _stored = stored;
        _storedIndex = index;
    }

    public double HitCount { get; set; }

    /// <summary>Hits that entered the service.</summary>
    public double TopLevelHitCount { get; set; }
    public double ErrorCount { get; set; }

    /// <summary>Sum of durations.</summary>
    public double DurationNanos { get; set; }

    /// <summary>Durations of spans without error, nanoseconds.</summary>
    public DDSketch OkNanos
    {
        get => _okNanos ??= _stored?.ReadOkNanos(_storedIndex) ?? new DDSketch();
        init => _okNanos = value;
    }

    /// <summary>Durations of spans with error, nanoseconds.</summary>
    public DDSketch ErrorNanos
    {
        get => _errorNanos ??= _stored?.ReadErrorNanos(_storedIndex) ?? new DDSketch();
        init => _errorNanos = value;
    }

    /// <summary>Adds all of another cell.</summary>
    public void Merge(StatsCell other)
    {
        HitCount += other.HitCount;
        TopLevelHitCount += other.TopLevelHitCount;
        ErrorCount += other.ErrorCount;
        DurationNanos += other.DurationNanos;
        OkNanos.Merge(other.OkNanos);
        ErrorNanos.Merge(other.ErrorNanos);
    }

    /// <summary>Ok and error durations together, nanoseconds; a new sketch.</summary>
    public DDSketch AllNanos()
    {
        var all = OkNanos.Clone();
        all.Merge(ErrorNanos);
        return all;
    }
}

/// <summary>Sketches of a stored bucket, decoded on demand. Thread-safe; each call gives a new sketch.</summary>
public interface IStoredSketches
{
    /// <summary>Durations without error of the cell at a place.</summary>
    DDSketch ReadOkNanos(int index);

    /// <summary>Durations with error of the cell at a place.</summary>
    DDSketch ReadErrorNanos(int index);
}
