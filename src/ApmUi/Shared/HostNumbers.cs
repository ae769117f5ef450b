using Apm.ApmUi.Links;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;

namespace Apm.ApmUi.Shared;

/// <summary>The latest numbers of a host; null where it tells none.</summary>
/// <param name="CpuRatio">Busy processors, 0 to 1.</param>
/// <param name="MemoryRatio">Memory in use, 0 to 1.</param>
/// <param name="Load">Processes that run or wait, over a minute.</param>
/// <param name="DiskRatio">Of the fullest disk, 0 to 1.</param>
public sealed record HostNumbers(double? CpuRatio, double? MemoryRatio, double? Load, double? DiskRatio)
{
    /// <summary>How far back they are looked for.</summary>
    static readonly TimeSpan Lately = TimeSpan.FromMinutes(5);

    const string Queries = "100 - avg:system.cpu.idle{*} by {host}, 100 - 100 * avg:system.mem.pct_usable{*} by {host}, avg:system.load.1{*} by {host}, 100 * max:system.disk.in_use{*} by {host}";

    /// <summary>Of a host that tells nothing.</summary>
    public static HostNumbers None { get; } = new(null, null, null, null);

    /// <summary>Of all hosts, by the value of their tag <c>host:</c>, at the end of the page's time.</summary>
    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    /// <exception cref="QueryLimitException">There are too many of them.</exception>
    public static IReadOnlyDictionary<string, HostNumbers> Latest(PageState state, MetricQueries queries, CancellationToken cancel)
    {
        var found = new Dictionary<string, HostNumbers>(StringComparer.Ordinal);
        var to = state.Window.Range.ToUnixNanos;
        foreach (var series in queries.Evaluate(Queries, new TimeRange(to - Lately.Ticks * 100, to), new QueryOptions { GivesHints = false }, cancel).Series)
        {
            if (series.TagSet is not [var tag] || series.Points.LastOrDefault() is not { UnixSeconds: > 0 } last) continue;
            var host = MetricTags.ValueIn(tag);
            var known = found.GetValueOrDefault(host) ?? None;
            found[host] = series.QueryIndex switch
            {
                0 => known with { CpuRatio = last.Value / 100 },
                1 => known with { MemoryRatio = last.Value / 100 },
                2 => known with { Load = last.Value },
                _ => known with { DiskRatio = last.Value / 100 },
            };
        }
        return found;
    }

    /// <summary>A share in words.</summary>
    public static string Words(double? ratio) => ratio is { } value ? Format.Figure.Percent(Math.Clamp(value, 0, 1)) : Format.Figure.None;

    /// <summary>How a share is painted: from 80 % it is worth a look, from 95 % it is full.</summary>
    public static string ClassOf(double? ratio) => ratio switch { >= 0.95 => "err", >= 0.8 => "warn", _ => "" };
}
