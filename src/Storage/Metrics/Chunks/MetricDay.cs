using System.Globalization;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Days of UTC, numbered from 1970 on: a file is one tier's of a day.</summary>
static class MetricDay
{
    public const int Seconds = 86_400;

    const string Format = "yyyy-MM-dd";

    public static long Of(long unixSeconds) => (long)Math.Floor((double)unixSeconds / Seconds);

    public static long StartOf(long day) => day * Seconds;

    public static string ToText(long day) => DateTimeOffset.FromUnixTimeSeconds(StartOf(day)).ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>Null when the text is no day.</summary>
    public static long? Parse(string text) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) ? Of(start.ToUnixTimeSeconds()) : null;
}
