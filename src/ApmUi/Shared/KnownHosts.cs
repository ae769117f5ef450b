using Apm.Core.Hosts;
using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.ApmUi.Shared;

/// <summary>A host with what runs on it.</summary>
/// <param name="Info">Its last sign of life is that of its processes, when that is later.</param>
/// <param name="Processes">Its traced processes, under whichever of its names they came, the newest first.</param>
/// <param name="SendsItself">It sends metrics or checks; otherwise nothing is known of it but its processes, or tags that somebody gave it.</param>
public sealed record KnownHost(HostInfo Info, IReadOnlyList<ProcessInfo> Processes, bool SendsItself);

/// <summary>
/// The hosts there are: those that send metrics, checks or tags, and those of which nothing but traced processes is known. A process is a
/// sign of life of its host. Processes are known that name a runtime id.
/// </summary>
public static class KnownHosts
{
    /// <summary>What a host known by its processes alone sends.</summary>
    public const string TracesApp = "traces";

    /// <summary>A host without a sign of life from its processes for so long is listed no more, unless it sends something else; its page stays as long as a process of it is kept. Containers come and go.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromDays(1);

    /// <summary>Those that are listed, in no order.</summary>
    public static IReadOnlyList<KnownHost> All(HostCatalogue hosts, ServiceCatalogue services, long nowUnixNanos)
    {
        var byKey = ProcessesByKey(hosts, services);
        var listed = new List<KnownHost>();
        foreach (var host in hosts.All()) listed.Add(Of(host, byKey.Remove(KeyOf(hosts, host.Name), out var own) ? own : []));
        listed.AddRange(byKey.Values.Where(own => nowUnixNanos - own[0].LastSeenUnixNanos <= ForgottenAfter.Ticks * UnixTime.NanosPerTick).Select(own => Of(null, own)));
        return listed;
    }

    /// <summary>One by its name or another of its names, in whatever case; null when it is not known. One that is listed no more is found while a process of it is kept.</summary>
    public static KnownHost? Find(HostCatalogue hosts, ServiceCatalogue services, string name)
    {
        var (found, own) = (hosts.Find(name), ProcessesByKey(hosts, services).GetValueOrDefault(KeyOf(hosts, name), []));
        return found is null && own.Count == 0 ? null : Of(found, own);
    }

    /// <summary>What all names of a host have in common: its own name as it stands in the tag <c>host:</c>.</summary>
    public static string KeyOf(HostCatalogue hosts, string name)
    {
        var own = hosts.Find(name)?.Name ?? name;
        return HostCatalogue.TagValueOf(own) ?? own;
    }

    /// <summary>The processes of each host, the newest first.</summary>
    static Dictionary<string, List<ProcessInfo>> ProcessesByKey(HostCatalogue hosts, ServiceCatalogue services) =>
        services.Processes().Where(process => process.Hostname.Length > 0).GroupBy(process => process.Hostname, StringComparer.Ordinal)
            .GroupBy(named => KeyOf(hosts, named.Key), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.SelectMany(named => named).OrderByDescending(process => process.LastSeenUnixNanos).ToList(), StringComparer.Ordinal);

    /// <param name="host">Null when only its processes are known, of which there is one then.</param>
    static KnownHost Of(HostInfo? host, List<ProcessInfo> processes)
    {
        var sendsItself = host is { LastUnixSeconds: > 0 };
        var info = host ?? new HostInfo { Name = processes[0].Hostname };
        if (processes.Count > 0)
        {
            var first = processes.Min(process => process.FirstSeenUnixNanos) / UnixTime.NanosPerSecond;
            info = info with
            {
                Apps = sendsItself ? info.Apps : [TracesApp],
                FirstUnixSeconds = info.FirstUnixSeconds == 0 ? first : Math.Min(info.FirstUnixSeconds, first),
                LastUnixSeconds = Math.Max(info.LastUnixSeconds, processes[0].LastSeenUnixNanos / UnixTime.NanosPerSecond),
            };
        }
        return new KnownHost(info, processes, sendsItself);
    }
}
