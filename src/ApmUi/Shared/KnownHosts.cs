using Apm.Core.Hosts;
using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.ApmUi.Shared;

/// <summary>
/// The hosts there are: those that send metrics, checks or tags, and those of which nothing but traced processes is known. A process is a
/// sign of life of its host.
/// </summary>
public static class KnownHosts
{
    /// <summary>What a host known by its processes alone sends.</summary>
    public const string TracesApp = "traces";

    /// <summary>A host without a sign of life from its processes for so long is known no more, unless it sends something else. Containers come and go.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromDays(1);

    /// <summary>All, in no order.</summary>
    public static IReadOnlyList<HostInfo> All(HostCatalogue hosts, ServiceCatalogue services, long nowUnixNanos)
    {
        var seen = new Dictionary<string, HostInfo>(StringComparer.OrdinalIgnoreCase);
        foreach (var host in hosts.All()) seen[host.Name] = host;
        foreach (var process in services.Processes().Where(process => process.Hostname.Length > 0))
        {
            var name = hosts.Find(process.Hostname)?.Name ?? process.Hostname;
            if (!seen.TryGetValue(name, out var host) && nowUnixNanos - process.LastSeenUnixNanos > ForgottenAfter.Ticks * 100) continue;
            seen[name] = With(host, name, process);
        }
        return [.. seen.Values];
    }

    /// <summary>One by its name or another of its names, in whatever case; null when it is not known.</summary>
    public static HostInfo? Find(HostCatalogue hosts, ServiceCatalogue services, string name)
    {
        var found = hosts.Find(name);
        foreach (var process in services.Processes().Where(process => process.Hostname.Length > 0 && IsOn(process.Hostname))) found = With(found, found?.Name ?? process.Hostname, process);
        return found;

        bool IsOn(string hostname) => hostname.Equals(name, StringComparison.OrdinalIgnoreCase) || (found is not null && hosts.Find(hostname) is { } other && other.Name == found.Name);
    }

    /// <summary>Whether nothing but its traced processes is known of it.</summary>
    public static bool IsOfTracesOnly(HostInfo host) => host.Apps is [TracesApp];

    static HostInfo With(HostInfo? host, string name, ProcessInfo process)
    {
        var (first, last) = (process.FirstSeenUnixNanos / UnixTime.NanosPerSecond, process.LastSeenUnixNanos / UnixTime.NanosPerSecond);
        return host is null ? new HostInfo { Name = name, FirstUnixSeconds = first, LastUnixSeconds = last, Apps = [TracesApp] }
            : host with { LastUnixSeconds = Math.Max(host.LastUnixSeconds, last), FirstUnixSeconds = host.FirstUnixSeconds == 0 ? first : Math.Min(host.FirstUnixSeconds, first) };
    }
}
