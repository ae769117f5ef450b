using System.Globalization;
using Apm.ApmUi.Time;
using Apm.Core.Time;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Links;

/// <summary>What the address and the cookies of one request say: where, when, and how the viewer likes it. One per request.</summary>
public sealed class PageState
{
    /// <summary>Width of the panel at the right, CSS pixels, as the viewer may drag it; never more than half of the window.</summary>
    public const int DefaultPanelPx = 480, NarrowestPanelPx = 320, WidestPanelPx = 2000;

    /// <summary>Reads a request.</summary>
    /// <param name="request">Whose address and cookies.</param>
    /// <param name="now">The clock's time.</param>
    /// <param name="newestStartUnixNanos">Start of the newest stored span; null when there is none.</param>
    public static PageState Of(HttpRequest request, DateTimeOffset now, long? newestStartUnixNanos)
    {
        var url = PageUrl.Of(request);
        var browserZone = request.Cookies["apm_zone"] ?? "";
        var utc = request.Cookies["apm_utc"] == "1";
        var zone = utc ? TimeZoneInfo.Utc : Zones.Find(browserZone);
        return new PageState
        {
            Url = url,
            Now = now,
            Zone = zone,
            IsUtcForced = utc,
            BrowserZone = browserZone,
            BrowserSkewNanos = SkewOf(request.Cookies["apm_skew"]),
            Theme = request.Cookies["apm_theme"] is "light" or "dark" ? request.Cookies["apm_theme"] : null,
            Density = request.Cookies["apm_density"] is "compact" or "comfortable" ? request.Cookies["apm_density"] : null,
            IsRailPinned = request.Cookies["apm_rail"] == "pinned",
            PanelPx = int.TryParse(request.Cookies["apm_panel"], NumberStyles.None, CultureInfo.InvariantCulture, out var px) ? Math.Clamp(px, NarrowestPanelPx, WidestPanelPx) : DefaultPanelPx,
            Window = TimeWindow.Read(url["from"], url["to"], now, zone, newestStartUnixNanos),
        };
    }

    public required PageUrl Url { get; init; }
    public required DateTimeOffset Now { get; init; }
    public required TimeWindow Window { get; init; }
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;
    public bool IsUtcForced { get; init; }

    /// <summary>The zone the browser told; "" before it did.</summary>
    public string BrowserZone { get; init; } = "";

    /// <summary>The browser's clock minus this machine's, to some seconds, as the browser told it; null before it did.</summary>
    public long? BrowserSkewNanos { get; init; }

    /// <summary><c>light</c> or <c>dark</c>; null follows the system.</summary>
    public string? Theme { get; init; }

    /// <summary><c>compact</c> or <c>comfortable</c>; null is in between.</summary>
    public string? Density { get; init; }

    /// <summary>Whether the names of the rail at the left are always seen.</summary>
    public bool IsRailPinned { get; init; }

    /// <summary>As it was dragged last.</summary>
    public int PanelPx { get; init; } = DefaultPanelPx;

    /// <summary>The environment asked for; null for all.</summary>
    public string? Env => Url["env"];

    public long NowUnixNanos => Now.ToUnixNanos();

    /// <summary>Whether the page moves on by itself.</summary>
    public bool IsLive => Window.IsLive;

    /// <summary>Another page, keeping env and time.</summary>
    public string Link(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var url = Url.To(path);
        if (Window.IsWidened) url = InWindow(url, Window);
        foreach (var (name, value) in parameters) url = url.With(name, value);
        return url.ToString();
    }

    /// <summary>This page with some parameters changed; null removes one.</summary>
    public string Here(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var url = Url;
        foreach (var (name, value) in parameters) url = url.With(name, value);
        return url.ToString();
    }

    /// <summary>This page in another window of time.</summary>
    public string Here(TimeWindow window) => InWindow(Url, window).ToString();

    /// <summary>
    /// A source of data for exactly the moments that this page shows; every rendering of a live page has another one,
    /// so that charts and tables on it agree.
    /// </summary>
    public string Data(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var url = InWindow(new PageUrl(path, Env is { } env ? [new("env", env)] : []), Window.Fixed());
        foreach (var (name, value) in parameters) url = url.With(name, value);
        return url.ToString();
    }

    public string ServiceLink(string service) => Link("/services/" + PageUrl.Segment(service));

    public string EndpointLink(string service, string name, string resource) =>
        Link("/services/" + PageUrl.Segment(service) + "/endpoint", ("name", name), ("resource", resource));

    public string TracesLink(string query) => Link("/traces", ("q", query));

    public string TraceLink(string traceId) => Link("/traces/" + traceId);

    /// <summary><c>24 Nov 09:10:03</c>; of today only the time of day.</summary>
    public string Time(long unixNanos, bool withMillis = false)
    {
        var at = TimeZoneInfo.ConvertTime(UnixTime.ToDateTime(unixNanos), Zone);
        var today = TimeZoneInfo.ConvertTime(Now, Zone).Date == at.Date;
        return at.ToString((today ? "" : "d MMM ") + (withMillis ? "HH:mm:ss.fff" : "HH:mm:ss"), CultureInfo.InvariantCulture);
    }

    /// <summary><c>14:02</c> of today, else the day: for a list that has the whole of it in a tooltip or beside it.</summary>
    public string TimeOfDay(long unixNanos)
    {
        var at = TimeZoneInfo.ConvertTime(UnixTime.ToDateTime(unixNanos), Zone);
        return at.ToString(TimeZoneInfo.ConvertTime(Now, Zone).Date == at.Date ? "HH:mm" : "d MMM", CultureInfo.InvariantCulture);
    }

    /// <summary>Day, time to the microsecond and zone, for tooltips.</summary>
    public string TimeExact(long unixNanos)
    {
        var at = TimeZoneInfo.ConvertTime(UnixTime.ToDateTime(unixNanos), Zone);
        return at.ToString("yyyy-MM-dd HH:mm:ss.ffffff ", CultureInfo.InvariantCulture) + Zones.Name(Zone, at);
    }

    /// <summary>The zone's name at the end of the window: <c>UTC+1</c>.</summary>
    public string ZoneName => Zones.Name(Zone, Now);

    /// <summary>Whole seconds; what is no such number, or more than ten years, is passed over: a cookie may hold anything.</summary>
    static long? SkewOf(string? cookie)
    {
        const long TenYears = 315_576_000;
        return long.TryParse(cookie, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && seconds is >= -TenYears and <= TenYears ? seconds * UnixTime.NanosPerSecond : null;
    }

    static PageUrl InWindow(PageUrl url, TimeWindow window) =>
        url.With("from", window is { IsWidened: true, Age: { } age } ? "now-" + TimeText.AgeText(age) : window.FromParameter).With("to", window.ToParameter);
}
