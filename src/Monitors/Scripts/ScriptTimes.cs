using System.Globalization;
using Apm.Core.Time;
using Apm.Query.Text;

namespace Apm.Monitors.Scripts;

/// <summary>Times of scripts: <c>14m</c> and <c>1h30m</c> from their start, or <c>2026-03-08T07:00:00Z</c>.</summary>
static class ScriptTimes
{
    /// <exception cref="MonitorScriptException">It is no such time.</exception>
    public static long Absolute(TextPlace at, string text) => TryAbsolute(text) ?? throw new MonitorScriptException(at, $"\"{text}\" is no time. Write one with its offset, such as 2026-03-08T07:00:00Z or 2026-03-08T00:00:00-05:00.");

    /// <exception cref="MonitorScriptException">It is no such time.</exception>
    public static long Of(TextPlace at, string text, long startUnixSeconds)
    {
        if (text == "0" || (DurationText.TryParse(text, out var nanos) && nanos % UnixTime.NanosPerSecond == 0)) return startUnixSeconds + (text == "0" ? 0 : Length(at, text));
        return TryAbsolute(text) ?? throw new MonitorScriptException(at, $"\"{text}\" is no time. Write 14m or 1h30m from the start, or a time such as 2026-03-08T07:00:00Z.");
    }

    /// <summary>A length of time, in seconds.</summary>
    /// <exception cref="MonitorScriptException">It is none.</exception>
    public static long Length(TextPlace at, string text) => DurationText.TryParse(text, out var nanos) ? nanos / UnixTime.NanosPerSecond : throw new MonitorScriptException(at, $"\"{text}\" is no length of time. Write one such as 15s, 5m, 14h.");

    /// <summary>Seconds between values, at least 1.</summary>
    /// <exception cref="MonitorScriptException">It is none.</exception>
    public static int Step(TextPlace at, string text) => Length(at, text) is >= 1 and <= 86_400 and var seconds ? (int)seconds : throw new MonitorScriptException(at, $"\"{text}\": values come every second at most, and every day at least.");

    /// <summary>Since the start: <c>1d2h5m</c>.</summary>
    public static string Print(long seconds)
    {
        var text = "";
        foreach (var (unit, length) in new[] { ("d", 86_400L), ("h", 3_600L), ("m", 60L), ("s", 1L) })
        {
            if (seconds / length is var count && count > 0) text += string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
            seconds %= length;
        }
        return text.Length > 0 ? text : "0m";
    }

    /// <summary>A time on a wall clock: <c>2026-03-07T19:00</c>; null when it is none.</summary>
    public static DateTime? Local(string text) => DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? local : null;

    static long? TryAbsolute(string text) =>
        Local(text) is null && text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time.ToUnixTimeSeconds() : null;
}
