using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ledger;
using Apm.Core.Time;
using Apm.Monitors.Rules;
using Apm.Monitors.Search;
using Apm.Query.ServiceMap;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Services;

/// <summary>What the list of services shows. Immutable.</summary>
public sealed record ServicesView
{
    /// <summary>Alive, but without a request yet: they stand on top.</summary>
    public required IReadOnlyList<ServiceSummary> Waiting { get; init; }
    public required IReadOnlyList<ServiceRow> Rows { get; init; }

    /// <summary>Rows of this tab before any facet or filter.</summary>
    public required int TotalCount { get; init; }

    /// <summary>What the rows can be narrowed by.</summary>
    public required ServiceFacets Facets { get; init; }

    /// <summary>Services that run code.</summary>
    public required int ApplicationCount { get; init; }

    /// <summary>Databases, caches, queues, third parties; null while they are not shown, as those known only from calls are not counted then.</summary>
    public required int? OtherCount { get; init; }

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request: <c>sort</c>, <c>q</c>, and the facets.</param>
    /// <param name="all">All services.</param>
    /// <param name="showsOthers">Shows databases and third parties instead of applications.</param>
    /// <param name="inferred">What is known only from calls to it.</param>
    /// <param name="ledger">What came in in the same time; null when it is not known.</param>
    /// <param name="monitors">The worst monitor of each service that has one (<see cref="ServiceMonitors.Worst"/>); null when they are not shown.</param>
    public static ServicesView Of(
        PageState state, IReadOnlyList<ServiceSummary> all, bool showsOthers, IReadOnlyList<MapNode> inferred, IReadOnlyList<LedgerRow>? ledger = null, IReadOnlyDictionary<string, ServiceMonitor>? monitors = null)
    {
        var kept = KeptRatios(ledger ?? []);
        var running = all.Where(service => !service.IsWaiting).ToList();
        var chosen = running.Where(service => service.Kind != ServiceKind.Application == showsOthers).ToList();
        var needle = state.Url["q"]?.Trim() ?? "";
        var scale = LatencyScale.Of(chosen.SelectMany(service => new[] { service.P50Nanos, service.P95Nanos }).Concat(inferred.Select(node => node.P95Nanos)));
        var rows = chosen.Select(service => RowOf(state, service, scale, kept) with { Monitor = monitors?.GetValueOrDefault(ServiceMonitors.KeyOf(service.Name)) is { } worst ? WorstMonitor.Of(state, worst) : null }).ToList();
        if (showsOthers) rows.AddRange(inferred.Select(node => RowOf(state, node, scale)));
        var named = rows.Where(row => needle.Length == 0 || row.Name.Contains(needle, StringComparison.OrdinalIgnoreCase)).ToList();
        return new ServicesView
        {
            Waiting = [.. all.Where(service => service.IsWaiting)],
            Rows = Sorted(ServiceFacets.Apply(state, named), state.Url["sort"] ?? "impact"),
            TotalCount = rows.Count,
            Facets = ServiceFacets.Of(state, named),
            ApplicationCount = running.Count(service => service.Kind == ServiceKind.Application),
            OtherCount = showsOthers ? running.Count(service => service.Kind != ServiceKind.Application) + inferred.Count : null,
        };
    }

    /// <summary>How a service does: red from 5 % errors, amber from 1 %.</summary>
    public static (string Kind, string Word) StateOf(double hits, double errorRate) =>
        hits <= 0 ? ("none", "silent") : errorRate >= 0.05 ? ("error", "failing") : errorRate >= 0.01 ? ("warn", "errors") : ("ok", "ok");

    /// <summary>What the list can be sorted by; impact when the address says nothing.</summary>
    public static readonly IReadOnlyList<string> Sorts = ["impact", "name", "version", "rate", "p95", "errors", "apdex", "monitor", "kept", "seen"];

    static IReadOnlyList<ServiceRow> Sorted(IReadOnlyList<ServiceRow> rows, string sort)
    {
        var turned = sort.EndsWith(SortHead.Turned, StringComparison.Ordinal);
        var key = turned ? sort[..^SortHead.Turned.Length] : sort;
        Func<ServiceRow, double> number = key switch
        {
            "rate" => row => row.HitsPerSecond,
            "p95" => row => row.P95Nanos ?? -1,
            "errors" => row => row.ErrorRate,
            "seen" => row => row.LastSeenUnixNanos,
            "version" => row => row.VersionSinceUnixNanos,
            "apdex" => row => -(row.Apdex ?? 2), // The worst is what one looks for.
            "monitor" => row => row.Monitor is { } monitor ? monitor.Gravity : -1,
            "kept" => row => -(row.KeptRatio ?? 2),
            // Failing ones first, then those that cost most time.
            _ => row => row.Impact + (row.State == "error" ? 1e30 : 0),
        };
        var byName = rows.OrderBy(row => row.Name, StringComparer.OrdinalIgnoreCase);
        var sorted = key == "name" ? (turned ? byName.Reverse() : byName)
            : turned ? byName.OrderBy(number) : byName.OrderByDescending(number);
        return [.. sorted.OrderBy(row => key == "impact" && row.IsSilent ? 1 : 0)];
    }

    /// <summary>Part of the spans received of each service that is stored.</summary>
    static Dictionary<string, double> KeptRatios(IReadOnlyList<LedgerRow> ledger) =>
        ledger.GroupBy(row => row.Key.Service, StringComparer.Ordinal).Select(group => (Service: group.Key, Sums: LedgerSums.Of(group)))
            .Where(entry => entry.Sums.ReceivedSpanCount > 0).ToDictionary(entry => entry.Service, entry => (double)entry.Sums.StoredSpanCount / entry.Sums.ReceivedSpanCount, StringComparer.Ordinal);

    static ServiceRow RowOf(PageState state, ServiceSummary service, LatencyScale scale, Dictionary<string, double> kept)
    {
        var (kind, word) = StateOf(service.HitCount, service.ErrorRate);
        return new ServiceRow
        {
            Name = service.Name,
            Link = state.ServiceLink(service.Name),
            Type = service.Type,
            Language = ServiceLook.LanguageName(service.Language),
            Version = service.Version,
            VersionAge = service.Version.Length > 0 && service.VersionSinceUnixNanos > 0 ? Figure.Ago(service.VersionSinceUnixNanos, state.NowUnixNanos).Replace(" ago", "", StringComparison.Ordinal) : "",
            VersionSinceUnixNanos = service.VersionSinceUnixNanos,
            State = kind,
            StateName = word,
            StateWord = service.HitCount <= 0 && service.LastSeenUnixNanos > 0 ? "last seen " + state.TimeOfDay(service.LastSeenUnixNanos) : word,
            HitsPerSecond = service.HitsPerSecond,
            HitSpark = service.HitSpark,
            ErrorRate = service.ErrorRate,
            ErrorCount = service.ErrorCount,
            ErrorSpark = service.ErrorSpark,
            P50Nanos = service.P50Nanos,
            P95Nanos = service.P95Nanos,
            Bar = scale.Bar(service.P50Nanos, service.P95Nanos),
            Apdex = service.Apdex,
            KeptRatio = kept.TryGetValue(service.Name, out var ratio) ? ratio : null,
            LastSeenUnixNanos = service.LastSeenUnixNanos,
            LastSeen = service.LastSeenUnixNanos > 0 ? Figure.Ago(service.LastSeenUnixNanos, state.NowUnixNanos) : "never",
            Impact = service.Impact,
        };
    }

    static ServiceRow RowOf(PageState state, MapNode node, LatencyScale scale)
    {
        var (kind, word) = StateOf(node.HitCount, node.ErrorRate);
        return new ServiceRow
        {
            Name = node.Name,
            Link = state.Link("/map", ("panel", node.Id), ("focus", node.Id)),
            Type = node.Type,
            State = kind,
            StateName = word,
            StateWord = word,
            IsInferred = true,
            HitsPerSecond = node.HitsPerSecond,
            ErrorRate = node.ErrorRate,
            ErrorCount = node.ErrorCount,
            P95Nanos = node.P95Nanos,
            Bar = scale.Bar(null, node.P95Nanos),
            LastSeen = "",
            Impact = node.HitCount * (node.P95Nanos ?? 0),
        };
    }
}

/// <summary>One service in the list.</summary>
public sealed record ServiceRow
{
    public required string Name { get; init; }
    public required string Link { get; init; }
    public string Type { get; init; } = "";
    public string Language { get; init; } = "";
    public string Version { get; init; } = "";

    /// <summary>How long that version has run: <c>38 min</c>; "" when unknown.</summary>
    public string VersionAge { get; init; } = "";

    /// <summary>0 when unknown.</summary>
    public long VersionSinceUnixNanos { get; init; }

    /// <summary><c>ok</c>, <c>warn</c>, <c>error</c> or <c>none</c>.</summary>
    public required string State { get; init; }

    /// <summary>The state in a word: <c>failing</c>, <c>errors</c>, <c>ok</c>, <c>silent</c>.</summary>
    public required string StateName { get; init; }
    public required string StateWord { get; init; }
    public bool IsInferred { get; init; }
    public double HitsPerSecond { get; init; }
    public IReadOnlyList<double> HitSpark { get; init; } = [];
    public double ErrorRate { get; init; }
    public double ErrorCount { get; init; }
    public IReadOnlyList<double> ErrorSpark { get; init; } = [];
    public double? P50Nanos { get; init; }
    public double? P95Nanos { get; init; }

    /// <summary>From p50 to p95 on the scale that all rows share, percent; null without numbers.</summary>
    public (double Left, double Width)? Bar { get; init; }

    /// <summary>0 to 1; null without requests, and where only calls to it are known.</summary>
    public double? Apdex { get; init; }

    /// <summary>Null when no monitor is about the service.</summary>
    public WorstMonitor? Monitor { get; init; }

    /// <summary>Stored spans of those received in the time, 0 to 1; null when none was received.</summary>
    public double? KeptRatio { get; init; }
    public long LastSeenUnixNanos { get; init; }
    public required string LastSeen { get; init; }
    public double Impact { get; init; }
    public bool IsSilent => HitsPerSecond <= 0;
}
