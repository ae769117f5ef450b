namespace Apm.Storage.Metrics;

/// <summary>How finely points are kept.</summary>
/// <param name="Extension">Of its files.</param>
/// <param name="WidthSeconds">Of a roll-up; 1 for points as they came.</param>
sealed record MetricTier(string Extension, int WidthSeconds)
{
    public static MetricTier Raw { get; } = new(".raw", 1);
    public static MetricTier Minute { get; } = new(".m1", 60);
    public static MetricTier Hour { get; } = new(".h1", 3_600);

    /// <summary>Finest first.</summary>
    public static IReadOnlyList<MetricTier> All { get; } = [Raw, Minute, Hour];
}
