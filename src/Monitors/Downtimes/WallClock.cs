namespace Apm.Monitors.Downtimes;

/// <summary>Times on the wall clock of a zone and as Unix seconds, across changes of the clock (metrics-monitors §8.4).</summary>
public static class WallClock
{
    /// <summary>The zone of an IANA name; null when there is none of that name.</summary>
    public static TimeZoneInfo? FindZone(string name) => name.Length > 0 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>What the wall clock shows at a time.</summary>
    public static DateTime At(long unixSeconds, TimeZoneInfo zone) =>
        DateTime.SpecifyKind(TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(unixSeconds), zone).DateTime, DateTimeKind.Unspecified);

    /// <summary>
    /// When the wall clock shows a time. One that it passes over moves on to the first minute that there is; one that it shows twice is the first.
    /// </summary>
    public static long UnixSecondsOf(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local))
        {
            local = new DateTime(local.Ticks - local.Ticks % TimeSpan.TicksPerMinute, DateTimeKind.Unspecified);
            while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        }
        // Of two offsets the larger belongs to the earlier time.
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        // In the last and first hours of the calendar it would be beyond it.
        var ticks = Math.Clamp(local.Ticks - offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTimeOffset(ticks, TimeSpan.Zero).ToUnixTimeSeconds();
    }
}
