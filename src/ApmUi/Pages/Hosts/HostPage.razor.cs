using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Checks;
using Apm.Core.Diagnosis;
using Apm.Core.Hosts;
using Apm.Core.Ports;
using Apm.Core.Services;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ListeningPort = Apm.Core.Checks.ListeningPort;

namespace Apm.ApmUi.Pages.Hosts;

/// <summary>One host: charts, what runs on it, checks, tags, configuration. Its state is the address: time alone.</summary>
public partial class HostPage
{
    /// <summary>Charts of a host, each with its queries; the host's scope stands for <c>$host</c>.</summary>
    static readonly (string Title, string Note, string Queries)[] Charts =
    [
        ("CPU", "by what it does", "avg:system.cpu.user{$host}, avg:system.cpu.system{$host}, avg:system.cpu.iowait{$host}, avg:system.cpu.stolen{$host}"),
        ("Load", "processes that run or wait", "avg:system.load.1{$host}, avg:system.load.5{$host}, avg:system.load.15{$host}"),
        ("Memory", "", "avg:system.mem.used{$host}, avg:system.mem.usable{$host}, avg:system.swap.used{$host}"),
        ("Disks", "part in use", "avg:system.disk.in_use{$host} by {device}"),
        ("Disk traffic", "per second", "avg:system.io.rkb_s{$host} by {device}, avg:system.io.wkb_s{$host} by {device}"),
        ("Network", "bytes per second", "avg:system.net.bytes_rcvd{$host} by {device}, avg:system.net.bytes_sent{$host} by {device}"),
    ];

    [Parameter] public string Name { get; set; } = "";
    [Inject] HostCatalogue Hosts { get; set; } = null!;
    [Inject] ServiceCatalogue Services { get; set; } = null!;
    [Inject] IEnumerable<IAgentChecks> Agents { get; set; } = null!;
    [Inject] IServiceCheckStore Answers { get; set; } = null!;
    [Inject] IServiceProvider Provider { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    KnownHost? Known;
    IReadOnlyList<ServiceCheckHistory> Checked = [];
    IAgentChecks? Agent;
    IReadOnlyList<ListeningPort> Ports = [];
    bool IsUp;

    HostInfo? Host => Known?.Info;
    IReadOnlyList<ProcessInfo> Processes => Known?.Processes ?? [];

    /// <summary>By the spans of its traced processes; null when none came since Apm started.</summary>
    HostClock? Clock;

    IReadOnlyList<string> KnownNames => [.. KnownHosts.All(Hosts, Services, State.NowUnixNanos).Select(host => host.Info.Name).Order(StringComparer.OrdinalIgnoreCase)];

    long SeenUnixNanos => Host!.LastUnixSeconds * Core.Time.UnixTime.NanosPerSecond;

    string Chart(string queries) => State.Data("/ui/data/metric", ("q", queries.Replace("$host", "host:" + HostsView.KeyOf(Host!.Name), StringComparison.Ordinal)));

    string MetricsLink(string queries) => State.Link("/metrics", ("q", queries.Replace("$host", "host:" + HostsView.KeyOf(Host!.Name), StringComparison.Ordinal)));

    /// <summary>The traced services that say they listen there.</summary>
    string UrlsOf(ListeningPort port) => port.Protocol != "tcp" ? "" : string.Join(", ", Processes.Where(process => !process.HasEnded && process.ListenUrls.Any(url => Uri.TryCreate(url, UriKind.Absolute, out var at) && at.Port == port.Port)).Select(process => process.Service).Distinct());

    static (string Kind, string Word) StateOf(CheckStatus? status) => status switch
    {
        CheckStatus.Ok => ("ok", "ok"), CheckStatus.Warning => ("warn", "warning"), CheckStatus.Critical => ("error", "failed"), CheckStatus.Unknown => ("none", "unknown"), _ => ("none", "waits"),
    };

    static (string Kind, string Word) AnswerOf(CheckStatus status) => status switch
    {
        CheckStatus.Ok => ("ok", "OK"), CheckStatus.Warning => ("warn", "warning"), CheckStatus.Critical => ("error", "critical"), _ => ("none", "unknown"),
    };

    protected override void OnInitialized()
    {
        Known = KnownHosts.Find(Hosts, Services, Name);
        if (Host is null)
        {
            Links.Answers.NotFound(Context);
            return;
        }
        var key = KnownHosts.KeyOf(Hosts, Host.Name);
        IsUp = Host.LastUnixSeconds > 0 && State.NowUnixNanos - SeenUnixNanos <= HostsView.SilentAfter.Ticks * 100;
        Clock = Provider.GetService<IDoctor>()?.ClocksOfHosts().Where(pair => KnownHosts.KeyOf(Hosts, pair.Key) == key).Select(pair => pair.Value).MaxBy(clock => clock.SeenUnixNanos);
        Agent = Agents.FirstOrDefault(agent => KnownHosts.KeyOf(Hosts, agent.Host) == key);
        Ports = Agent?.Ports() ?? [];
        Checked = [.. Answers.Read().Where(history => KnownHosts.KeyOf(Hosts, history.Last.Host) == key)];
    }
}
