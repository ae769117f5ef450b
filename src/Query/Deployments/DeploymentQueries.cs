using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Services;

namespace Apm.Query.Deployments;

/// <summary>The deployments of services and what each changed, from the statistics of all spans, which know the version.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class DeploymentQueries(IStatsReader stats, ServiceCatalogue catalogue, IErrorIssues issues, TimeProvider clock)
{
    /// <summary>Longest window before and after; default 1 h.</summary>
    public const long WindowNanos = 3_600 * UnixTime.NanosPerSecond;

    /// <summary>How far back an endpoint must not have been called to be new; default 7 days.</summary>
    public const long LookBackNanos = 7 * 24 * WindowNanos;

    /// <summary>Deployments of one service that are compared for a list without being asked; default 8, the newest. Each reads two hours of statistics.</summary>
    public const int MaxCompared = 8;

    /// <summary>The deployments of a service, the newest first, with instances and restarts.</summary>
    /// <param name="env">Null for all.</param>
    public IReadOnlyList<DeploymentRow> List(string service, string? env)
    {
        var processes = catalogue.Processes().Where(process => process.Service == service).ToList();
        var restarts = ProcessRestarts.Of(processes);
        var now = clock.NowUnixNanos();
        return
        [
            .. from deployment in catalogue.Service(service)?.Deployments ?? []
               where env is null || deployment.Env == env
               orderby deployment.FirstSeenUnixNanos descending
               let own = processes.Where(process => process.Version == deployment.Version && (process.Env == deployment.Env || process.Env.Length == 0)).ToList()
               select new DeploymentRow(
                   deployment,
                   own.Count(process => !process.HasEnded && now - process.LastSeenUnixNanos <= ServiceQueries.AliveNanos),
                   own.Count,
                   restarts.Count(process => own.Contains(process) && process.FirstSeenUnixNanos >= deployment.FirstSeenUnixNanos)),
        ];
    }

    /// <summary>The newest deployments of all services that were changes.</summary>
    public IReadOnlyList<(string Service, Deployment Deployment)> Newest(string? env, int count) =>
    [
        .. catalogue.Services()
            .SelectMany(service => service.Deployments.Where(deployment => deployment.IsChange && (env is null || deployment.Env == env)).Select(deployment => (service.Name, deployment)))
            .OrderByDescending(pair => pair.deployment.FirstSeenUnixNanos).Take(count),
    ];

    /// <summary>Compares the time after a deployment with as long a time before.</summary>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public DeploymentComparison Compare(string service, Deployment deployment)
    {
        // Whole buckets, so that no request counts on both sides; the one in which the first span came belongs to the new version.
        var at = UnixTime.Floor(deployment.FirstSeenUnixNanos, StatsBucket.CountedWidthNanos);
        var until = UnixTime.Floor(Math.Min(clock.NowUnixNanos(), NextOf(service, deployment) ?? long.MaxValue), StatsBucket.CountedWidthNanos);
        var length = Math.Clamp(until - at, StatsBucket.CountedWidthNanos, WindowNanos);
        var (before, after) = (new TimeRange(at - length, at), new TimeRange(at, at + length));
        var (sumBefore, sumAfter, sumAll) = (new StatsSum(), new StatsSum(), new StatsSum());
        foreach (var row in stats.Read(new TimeRange(before.FromUnixNanos, after.ToUnixNanos), new StatsFilter { Service = service, Env = deployment.Env }, StatsBucket.CountedWidthNanos))
        {
            if (row.Cell.TopLevelHitCount <= 0) continue;
            if (row.StartUnixNanos < at && row.Key.Version != deployment.Version) sumBefore.Add(row.Cell);
            if (row.StartUnixNanos < at) continue;
            sumAll.Add(row.Cell);
            if (row.Key.Version == deployment.Version) sumAfter.Add(row.Cell);
        }
        var seconds = length / 1e9;
        return new DeploymentComparison
        {
            Service = service,
            Deployment = deployment,
            BeforeRange = before,
            AfterRange = after,
            Before = NumbersOf(sumBefore, seconds),
            After = NumbersOf(sumAfter, seconds),
            AllHitsPerSecondAfter = sumAll.EntryCount / seconds,
            NewEndpoints = NewEndpoints(service, deployment, at),
            NewIssues = [.. issues.Issues().Where(issue => issue.Service == service && IsNewIn(issue, deployment))],
        };
    }

    /// <summary>First seen in this version while it was deployed; of a version that came back, only what was never seen before.</summary>
    static bool IsNewIn(ErrorIssue issue, Deployment deployment) =>
        deployment.IsChange && issue.Totals.FirstSeenUnixNanos >= deployment.FirstSeenUnixNanos
        && issue.Totals.Versions.Count > 0 && issue.Totals.Versions.MinBy(version => version.FirstSeenUnixNanos)!.Version == deployment.Version
        && issue.Totals.FirstSeenUnixNanos <= deployment.LastSeenUnixNanos;

    List<string> NewEndpoints(string service, Deployment deployment, long at)
    {
        if (!deployment.IsChange) return [];
        var (old, own) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var range = new TimeRange(at - LookBackNanos, Math.Min(clock.NowUnixNanos() + StatsBucket.CountedWidthNanos, deployment.LastSeenUnixNanos + StatsBucket.CountedWidthNanos));
        foreach (var row in stats.Read(range, new StatsFilter { Service = service, Env = deployment.Env }, WindowNanos))
        {
            if (row.Cell.TopLevelHitCount <= 0) continue;
            if (row.Key.Version == deployment.Version && row.StartUnixNanos + row.WidthNanos > at) own.Add(row.Key.Resource);
            else if (row.StartUnixNanos < at) old.Add(row.Key.Resource);
        }
        if (old.Count == 0) return []; // Nothing is known of the time before, so nothing is known to be new.
        return [.. own.Except(old).Order(StringComparer.Ordinal)];
    }

    /// <summary>When the next version of the same environment began.</summary>
    long? NextOf(string service, Deployment deployment) => catalogue.Service(service)?.Deployments
        .Where(other => other.Env == deployment.Env && other.FirstSeenUnixNanos > deployment.FirstSeenUnixNanos).Select(other => (long?)other.FirstSeenUnixNanos).Min();

    static RedNumbers NumbersOf(StatsSum sum, double seconds) =>
        new(sum.EntryCount, sum.ErrorCount, sum.EntryCount / seconds, sum.QuantileNanos(0.5), sum.QuantileNanos(0.95), sum.QuantileNanos(0.99));
}

/// <summary>A deployment in a list.</summary>
/// <param name="AliveInstances">Processes that run it now.</param>
/// <param name="Instances">Processes that ever ran it, as far as they are still known.</param>
/// <param name="Restarts">Those that took another's place.</param>
public sealed record DeploymentRow(Deployment Deployment, int AliveInstances, int Instances, int Restarts);
