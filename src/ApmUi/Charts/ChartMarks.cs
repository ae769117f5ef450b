using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.ApmUi.Charts;

/// <summary>The deployments and restarts that charts mark. A version that was there from the start is no deployment that anyone saw.</summary>
public static class ChartMarks
{
    /// <summary>Marks on one chart; default 20, the newest. More would cover it.</summary>
    public const int MaxMarks = 20;

    /// <summary>Of one service.</summary>
    /// <param name="service">Null when it is not known.</param>
    /// <param name="processes">All known ones.</param>
    /// <param name="env">Null for all.</param>
    public static IReadOnlyList<ChartMark> OfService(ServiceInfo? service, IEnumerable<ProcessInfo> processes, string? env, TimeRange range) =>
        Newest(AllOfService(service, processes, env, range));

    /// <summary>All of one service, also those that a chart has no room for; the earliest first.</summary>
    /// <inheritdoc cref="OfService" path="/param"/>
    public static IReadOnlyList<ChartMark> AllOfService(ServiceInfo? service, IEnumerable<ProcessInfo> processes, string? env, TimeRange range) =>
        service is null ? [] : [.. Deploys(service, env, range, withName: false).Concat(Restarts(service.Name, processes, env, range)).OrderBy(mark => mark.AtMs)];

    /// <summary>Deployments of all services.</summary>
    public static IReadOnlyList<ChartMark> OfAll(IEnumerable<ServiceInfo> services, string? env, TimeRange range) =>
        Newest(services.SelectMany(service => Deploys(service, env, range, withName: true)));

    static IEnumerable<ChartMark> Deploys(ServiceInfo service, string? env, TimeRange range, bool withName) =>
        from deployment in service.Deployments
        where deployment.IsChange && range.Contains(deployment.FirstSeenUnixNanos) && (env is null || deployment.Env == env)
        select new ChartMark(
            deployment.FirstSeenUnixNanos / UnixTime.NanosPerMillisecond,
            withName ? $"{service.Name} {deployment.Version}" : deployment.Version,
            $"{service.Name} {deployment.Version} deployed{(deployment.Env.Length > 0 ? $" to {deployment.Env}" : "")}, before it {deployment.PreviousVersion}",
            "deploy");

    static IEnumerable<ChartMark> Restarts(string service, IEnumerable<ProcessInfo> processes, string? env, TimeRange range) =>
        from process in ProcessRestarts.Of(processes.Where(process => process.Service == service && (env is null || process.Env == env)))
        where range.Contains(process.FirstSeenUnixNanos)
        select new ChartMark(
            process.FirstSeenUnixNanos / UnixTime.NanosPerMillisecond, "restart",
            $"Restart of {service}{(process.Version.Length > 0 ? $" {process.Version}" : "")}{(process.Hostname.Length > 0 ? $" on {process.Hostname}" : "")}", "restart");

    static IReadOnlyList<ChartMark> Newest(IEnumerable<ChartMark> marks) => [.. marks.OrderByDescending(mark => mark.AtMs).Take(MaxMarks).OrderBy(mark => mark.AtMs)];
}
