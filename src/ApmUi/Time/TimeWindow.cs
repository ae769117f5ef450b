using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Core.Time;

namespace Apm.ApmUi.Time;

/// <summary>
/// The range of time that a page shows, as its address says: <c>from=now-15m</c>, or <c>from</c> and <c>to</c> in epoch milliseconds.
/// </summary>
/// <param name="Range">What is shown; at least <see cref="ShortestMillis"/> long.</param>
/// <param name="Age">How far back a live window reaches; null for a fixed one.</param>
/// <param name="IsWidened">Nobody asked for this length: it was widened until something was found.</param>
public sealed record TimeWindow(TimeRange Range, TimeSpan? Age, bool IsWidened = false)
{
    /// <summary>What an address without a time means.</summary>
    public static TimeSpan DefaultAge { get; } = TimeSpan.FromMinutes(15);

    /// <summary>The shortest range: one second.</summary>
    public const long ShortestMillis = 1_000;

    /// <summary>The lengths offered at the left of the popover, shortest first.</summary>
    public static IReadOnlyList<TimeSpan> Presets { get; } =
    [
        TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(4), TimeSpan.FromDays(1), TimeSpan.FromDays(7),
    ];

    /// <summary>Ends now and moves on.</summary>
    public bool IsLive => Age is not null;

    public long FromMillis => Range.FromUnixNanos / UnixTime.NanosPerMillisecond;
    public long ToMillis => Range.ToUnixNanos / UnixTime.NanosPerMillisecond;
    public double Seconds => Range.LengthNanos / 1e9;

    /// <summary>A window that ends now.</summary>
    public static TimeWindow Live(TimeSpan age, DateTimeOffset now, bool isWidened = false) =>
        new(new TimeRange((now - age).ToUnixNanos(), now.ToUnixNanos()), age, isWidened);

    /// <summary>Reads the address. What cannot be read, or runs backwards, becomes the default window.</summary>
    /// <param name="from">Parameter <c>from</c>; null when absent.</param>
    /// <param name="to">Parameter <c>to</c>; null when absent, which means now.</param>
    /// <param name="now">The clock's time.</param>
    /// <param name="zone">Zone of times without one.</param>
    /// <param name="newestStartUnixNanos">Start of the newest span that is stored; lets a first visit find it. Null when nothing is.</param>
    public static TimeWindow Read(string? from, string? to, DateTimeOffset now, TimeZoneInfo zone, long? newestStartUnixNanos = null)
    {
        if (from is null && to is null) return FirstVisit(now, newestStartUnixNanos);
        var endsNow = to is null || to.Trim().Equals("now", StringComparison.OrdinalIgnoreCase);
        var relative = from?.Trim() ?? "";
        if (relative.StartsWith("now", StringComparison.OrdinalIgnoreCase)) relative = relative[3..];
        if (endsNow && TimeText.TryParseAge(relative, out var age) && age.TotalMilliseconds >= ShortestMillis) return Live(age, now);

        var end = now;
        if (!endsNow && !TimeText.TryParse(to, now, zone, out end)) return Live(DefaultAge, now);
        var start = end - DefaultAge;
        if (from is not null && !TimeText.TryParse(from, now, zone, out start)) return Live(DefaultAge, now);
        if (start > end) (start, end) = (end, start);
        if ((end - start).TotalMilliseconds < ShortestMillis) end = start.AddMilliseconds(ShortestMillis);
        return new TimeWindow(new TimeRange(start.ToUnixNanos(), end.ToUnixNanos()), null);
    }

    /// <summary>What of an address is no time, as a sentence; null when all can be read. <see cref="Read"/> then takes the default window.</summary>
    public static string? ComplaintOf(string? from, string? to, DateTimeOffset now, TimeZoneInfo zone)
    {
        var wrong = IsTime(to) ? IsTime(from) ? default : (Name: "from", Text: from) : (Name: "to", Text: to);
        if (wrong.Text is not { } text) return null;
        return $"“{(text.Length > 40 ? text[..40] + "…" : text)}” is no time ({wrong.Name}=), so this shows the past {Figure.Duration(DefaultAge.TotalNanoseconds)}. A time is now-1h, 2026-11-24T09:10Z, or milliseconds since 1970.";

        bool IsTime(string? text) => text is null || TimeText.TryParse(text, now, zone, out _);
    }

    /// <summary>The value of <c>from</c> in an address; null when it would be the default.</summary>
    public string? FromParameter =>
        Age is not { } age ? FromMillis.ToString(CultureInfo.InvariantCulture)
        : age == DefaultAge ? null
        : "now-" + TimeText.AgeText(age);

    /// <summary>The value of <c>to</c> in an address; null for a live window.</summary>
    public string? ToParameter => IsLive ? null : ToMillis.ToString(CultureInfo.InvariantCulture);

    /// <summary>The same length, one whole window earlier or later; always fixed.</summary>
    public TimeWindow Stepped(int windows)
    {
        var by = checked(Range.LengthNanos * windows);
        return new TimeWindow(new TimeRange(Range.FromUnixNanos + by, Range.ToUnixNanos + by), null);
    }

    /// <summary>Twice as long around the same middle; a live window stays live.</summary>
    public TimeWindow ZoomedOut(DateTimeOffset now)
    {
        if (Age is { } age) return Live(age * 2, now);
        var half = Range.LengthNanos / 2;
        return new TimeWindow(new TimeRange(Range.FromUnixNanos - half, Range.ToUnixNanos + half), null);
    }

    /// <summary>The same moments, standing still.</summary>
    public TimeWindow Fixed() => new(Range, null);

    /// <summary><c>Past 15 min</c>, or <c>24 Nov 09:10 – 09:15 UTC</c>.</summary>
    public string Label(TimeZoneInfo zone)
    {
        if (Age is { } age) return "Past " + Figure.Duration(age.TotalNanoseconds);
        var start = TimeZoneInfo.ConvertTime(UnixTime.ToDateTime(Range.FromUnixNanos), zone);
        var end = TimeZoneInfo.ConvertTime(UnixTime.ToDateTime(Range.ToUnixNanos), zone);
        var clock = (end - start).TotalMinutes < 5 ? "HH:mm:ss" : "HH:mm";
        var endForm = start.Date == end.Date ? clock : "d MMM " + clock;
        return string.Create(CultureInfo.InvariantCulture, $"{start.ToString("d MMM " + clock, CultureInfo.InvariantCulture)} – {end.ToString(endForm, CultureInfo.InvariantCulture)} {Zones.Name(zone, end)}");
    }

    /// <summary>As <see cref="Label"/>, within a sentence: <c>the past 15 min</c>.</summary>
    public string InWords(TimeZoneInfo zone) => Age is null ? Label(zone) : "the past" + Label(zone)["Past".Length..];

    static TimeWindow FirstVisit(DateTimeOffset now, long? newestStartUnixNanos)
    {
        var age = newestStartUnixNanos is { } newest ? now - UnixTime.ToDateTime(newest) : TimeSpan.Zero;
        if (age < DefaultAge) return Live(DefaultAge, now);
        foreach (var preset in Presets)
            if (preset > age) return Live(preset, now, isWidened: true);
        return Live(TimeSpan.FromDays(Math.Min(3650, Math.Ceiling(age.TotalDays) + 1)), now, isWidened: true);
    }
}
