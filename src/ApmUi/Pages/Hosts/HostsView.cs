using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Diagnosis;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Evaluate;

namespace Apm.ApmUi.Pages.Hosts;

/// <summary>One host of the list. Numbers are null when it tells none.</summary>
/// <param name="IsUp">It sent something lately.</param>
/// <param name="SendsItself">As <see cref="KnownHost.SendsItself"/>.</param>
/// <param name="Clock">By the spans of its traced processes; null when none came since Apm started.</param>
/// <param name="Services">That run on it and are alive.</param>
public sealed record HostRow(
    string Name, string Link, bool IsUp, bool SendsItself, string Seen, string SeenExact, string AgentVersion, double? CpuRatio, double? MemoryRatio, double? Load, double? DiskRatio,
    HostClock? Clock, IReadOnlyList<string> Apps, IReadOnlyList<string> Services, IReadOnlyList<string> Tags);

/// <summary>The hosts. Immutable.</summary>
public sealed record HostsView
{
    /// <summary>Most hosts listed; default 500. The page says how many there are; typing narrows them.</summary>
    public const int MaxListed = 500;

    /// <summary>Most hosts on the map; default 2000. As the list's.</summary>
    public const int MaxMapped = 2_000;

    /// <summary>A host that sent nothing for so long is silent.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(5);

    public required IReadOnlyList<HostRow> Rows { get; init; }

    /// <summary>That match what was typed.</summary>
    public required int MatchCount { get; init; }

    /// <summary>Whatever was typed.</summary>
    public required int AllCount { get; init; }
    public required int UpCount { get; init; }

    /// <exception cref="Core.Ports.StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public static HostsView Of(PageState state, HostCatalogue hosts, MetricQueries queries, ServiceCatalogue services, IDoctor? doctor, CancellationToken cancel)
    {
        var clocks = (doctor?.ClocksOfHosts() ?? new Dictionary<string, HostClock>()).GroupBy(pair => KnownHosts.KeyOf(hosts, pair.Key), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.MaxBy(pair => pair.Value.SeenUnixNanos).Value, StringComparer.Ordinal);
        var all = KnownHosts.All(hosts, services, state.NowUnixNanos);
        var numbers = HostNumbers.Latest(state, queries, cancel);
        string[] words = (state.Url["q"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var rows = all.Select(host => RowOf(state, host, numbers, clocks)).ToList();
        var matching = rows.Where(row => words.All(word => Holds(row, word))).OrderBy(row => row.IsUp).ThenBy(row => row.Name, StringComparer.OrdinalIgnoreCase).ToList();
        return new HostsView { Rows = [.. matching.Take(state.Url["view"] == "map" ? MaxMapped : MaxListed)], MatchCount = matching.Count, AllCount = rows.Count, UpCount = rows.Count(row => row.IsUp) };
    }

    /// <summary>The name as the value of the tag <c>host:</c>.</summary>
    public static string KeyOf(string host) => HostCatalogue.TagValueOf(host) ?? "";

    static bool IsAlive(PageState state, ProcessInfo process) => !process.HasEnded && state.NowUnixNanos - process.LastSeenUnixNanos <= Apm.Query.Services.ServiceQueries.AliveNanos;

    static bool Holds(HostRow row, string word) =>
        row.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || row.Tags.Concat(row.Apps).Concat(row.Services).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    static HostRow RowOf(PageState state, KnownHost known, IReadOnlyDictionary<string, HostNumbers> numbers, Dictionary<string, HostClock> clocks)
    {
        var host = known.Info;
        var key = KeyOf(host.Name);
        var seen = host.LastUnixSeconds * UnixTime.NanosPerSecond;
        var told = numbers.GetValueOrDefault(key) ?? HostNumbers.None;
        return new HostRow(
            host.Name, state.Link("/hosts/" + PageUrl.Segment(host.Name)), host.LastUnixSeconds > 0 && state.NowUnixNanos - seen <= SilentAfter.Ticks * 100, known.SendsItself,
            host.LastUnixSeconds == 0 ? "never" : Figure.Ago(seen, state.NowUnixNanos), host.LastUnixSeconds == 0 ? "" : state.TimeExact(seen), host.Facts.AgentVersion,
            told.CpuRatio, told.MemoryRatio, told.Load, told.DiskRatio,
            clocks.GetValueOrDefault(key),
            host.Apps, [.. known.Processes.Where(process => IsAlive(state, process)).Select(process => process.Service).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. host.TagsBySource.Values.SelectMany(tags => tags).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }
}
