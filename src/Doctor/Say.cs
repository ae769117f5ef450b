using System.Globalization;
using Apm.Core.Time;

namespace Apm.Doctor;

/// <summary>Numbers as the doctor says them.</summary>
static class Say
{
    public static string Count(long count, string noun, string? plural = null) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? noun : plural ?? noun + "s")}");

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"19 min", "3 h": the largest unit that leaves a number of some size, rounded: a clock that is five hours off, less what the sending took, is no "4 h".</summary>
    public static string Span(long nanos)
    {
        var seconds = Math.Abs(nanos / UnixTime.NanosPerSecond);
        return seconds < 90 ? $"{seconds} s" : seconds < 90 * 60 ? $"{Whole(60)} min" : seconds < 48 * 3600 ? $"{Whole(3600)} h" : $"{Whole(86_400)} d";

        long Whole(long unit) => (seconds + unit / 2) / unit;
    }

    public static string Seconds(double seconds) => Span((long)(Math.Min(seconds, 1e9) * UnixTime.NanosPerSecond));

    /// <summary>"25 MB", of 1,048,576 bytes each.</summary>
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(bytes / 1_048_576.0, bytes < 10_485_760 ? 1 : 0)} MB");

    public static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    /// <summary>"12:01:07" of a day that need not be said, else with the day; UTC, for whoever reads is anywhere.</summary>
    public static string At(long unixNanos, long nowUnixNanos)
    {
        var at = UnixTime.ToDateTime(unixNanos);
        return at.ToString(UnixTime.ToDateTime(nowUnixNanos).Date == at.Date ? "HH:mm" : "d MMM HH:mm", CultureInfo.InvariantCulture) + " UTC";
    }

    public static string Ago(long unixNanos, long nowUnixNanos) => Span(nowUnixNanos - unixNanos) + " ago";
}
