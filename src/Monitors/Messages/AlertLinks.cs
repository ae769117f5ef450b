using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>Addresses of our own pages in notices.</summary>
/// <param name="site">Start of every address, without a slash at its end: <c>http://localhost:8127</c>.</param>
public sealed class AlertLinks(string site)
{
    /// <summary>How far before an alert its page begins to show.</summary>
    const long BeforeSeconds = 1_800;

    /// <summary>How far behind it.</summary>
    const long AfterSeconds = 60;

    public string Site { get; } = site;

    /// <summary>What a chart of the alert shows: some time before what was looked at, and a minute after.</summary>
    public static (long From, long To) WindowOf(AlertTransition transition) =>
        (Math.Min(transition.WindowFromUnixSeconds, transition.AtUnixSeconds - BeforeSeconds), transition.AtUnixSeconds + AfterSeconds);

    /// <summary>The monitor's page at the time of the alert.</summary>
    public string Status(AlertTransition transition)
    {
        if (transition.Rule.Id == 0) return $"{Site}/monitors"; // A test of one that is not kept yet.
        var (from, to) = WindowOf(transition);
        return $"{Page(transition.Rule.Id)}?group={Uri.EscapeDataString(transition.Group)}&from_ts={ValueText.Whole(from * 1000)}&to_ts={ValueText.Whole(to * 1000)}";
    }

    public string Page(long monitorId) => $"{Site}/monitors/{ValueText.Whole(monitorId)}";

    public string Downtimes() => $"{Site}/monitors/downtimes";

    /// <summary>All links under a notice, with their words.</summary>
    public IReadOnlyList<(string Words, string Url)> Of(AlertTransition transition)
    {
        var links = new List<(string, string)> { ("Monitor Status", Status(transition)) };
        if (transition.Rule.Id > 0) links.Add(("Edit Monitor", $"{Page(transition.Rule.Id)}/edit"));
        if (Traces(transition) is { } traces) links.Add(("Traces of this time", traces));
        if (transition.Sample.TryGetValue("slo.id", out var slo)) links.Add(("Objective", $"{Site}/slos/{slo}"));
        if (MessageValues.HostOf(transition) is { } host) links.Add(("View host", $"{Site}/hosts/{Uri.EscapeDataString(host)}"));
        return links;
    }

    /// <summary>The traces of the window that was looked at; null when the monitor is about none.</summary>
    string? Traces(AlertTransition transition) => TracesBehind.SearchOf(transition.Rule, transition.GroupTags) is not { } search ? null
        : $"{Site}/traces?q={Uri.EscapeDataString(search)}&from={ValueText.Whole(transition.WindowFromUnixSeconds * 1000)}&to={ValueText.Whole(transition.WindowToUnixSeconds * 1000)}";
}
