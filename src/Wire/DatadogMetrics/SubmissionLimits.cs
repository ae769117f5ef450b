namespace Apm.Wire.DatadogMetrics;

/// <summary>What one submission may hold beyond its size in bytes, so that a small body cannot become a large one. Beyond it the whole body is refused.</summary>
public static class SubmissionLimits
{
    /// <summary>Most series.</summary>
    public const int MaxSeries = 100_000;

    /// <summary>Most points, and values of distributions, of all series together.</summary>
    public const int MaxPoints = 1_000_000;

    /// <summary>Most sketches of all series together.</summary>
    public const int MaxSketches = 50_000;

    /// <summary>Most bins of one sketch as it comes; Datadog's agents send up to 4096 keys.</summary>
    public const int MaxBins = 8_192;

    /// <summary>Largest key of a sketch's bin either way; an agent's are 16-bit.</summary>
    public const int MaxBinKey = 32_767;

    /// <summary>Most tags of all series together.</summary>
    public const int MaxTags = 1_000_000;

    /// <summary>Most events, and most answers of checks, in one body.</summary>
    public const int MaxItems = 10_000;

    /// <summary>How deep JSON may nest.</summary>
    public const int MaxJsonDepth = 64;
}
