namespace Apm.ApmUi.Time;

/// <summary>The time zones of viewers.</summary>
public static class Zones
{
    /// <summary>The zone of an IANA name as browsers give it; UTC when it is unknown here.</summary>
    public static TimeZoneInfo Find(string? name) =>
        !string.IsNullOrEmpty(name) && name.Length < 64 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;

    /// <summary>How a zone is written beside a time: <c>UTC</c>, <c>UTC+1</c>, <c>UTC−3:30</c>.</summary>
    public static string Name(TimeZoneInfo zone, DateTimeOffset at)
    {
        var offset = zone.GetUtcOffset(at);
        if (offset == TimeSpan.Zero) return "UTC";
        var size = offset.Duration();
        return $"UTC{(offset < TimeSpan.Zero ? '−' : '+')}{size.Hours}{(size.Minutes == 0 ? "" : $":{size.Minutes:00}")}";
    }
}
