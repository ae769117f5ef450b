using System.Text.Json;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>The list of hosts, and muting them (metrics-monitors §4.8).</summary>
public sealed class HostsApi(HostCatalogue hosts, IMetricReader metrics, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Most hosts of one answer; default 100. <c>total_matching</c> says how many there are.</summary>
    public const int MaxHostsOfPage = 1_000;

    /// <summary>How long a host is up after it last sent something.</summary>
    public const int UpSeconds = 7_200;

    const int DefaultHostsOfPage = 100, RecentSeconds = 300;

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/hosts", gate.Before("host_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v1/hosts/totals", gate.Before("host_totals", KeyNeed.ApiAndApplication, Totals));
        routes.MapPost("/api/v1/host/{host}/mute", gate.Before("host_mute", KeyNeed.ApiAndApplication, Mute));
        routes.MapPost("/api/v1/host/{host}/unmute", gate.Before("host_unmute", KeyNeed.ApiAndApplication, Unmute));
    }

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    Task List(HttpContext http)
    {
        var now = NowUnixSeconds;
        var from = DatadogParameters.Seconds(http, "from") ?? now - UpSeconds;
        var filter = DatadogParameters.Text(http, "filter");
        var start = DatadogParameters.Number(http, "start", 0, 0, int.MaxValue);
        var count = DatadogParameters.Number(http, "count", DefaultHostsOfPage, 0, MaxHostsOfPage);
        var withMetadata = DatadogParameters.Truth(http, "include_hosts_metadata");
        var figures = new HostFigures(metrics, now - RecentSeconds, now + 1, http.RequestAborted);
        var found = Sorted(http, hosts.All().Where(host => host.LastUnixSeconds >= from && Matches(host, filter)), figures, now).ToList();
        var page = found.Skip(start).Take(count).ToList();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("host_list");
            foreach (var host in page) Write(json, host, figures, now, withMetadata);
            json.WriteEndArray();
            json.WriteNumber("total_returned", page.Count);
            json.WriteNumber("total_matching", found.Count);
            json.WriteBoolean("exact_total_matching", true);
            json.WriteEndObject();
        });
    }

    Task Totals(HttpContext http)
    {
        var now = NowUnixSeconds;
        var from = DatadogParameters.Seconds(http, "from") ?? now - UpSeconds;
        var active = hosts.All().Where(host => host.LastUnixSeconds >= from).ToList();
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("total_up", active.Count(host => IsUp(host, now)));
            json.WriteNumber("total_active", active.Count);
            json.WriteEndObject();
        });
    }

    async Task Mute(HttpContext http)
    {
        var name = DatadogParameters.Path(http, "host");
        var body = await DatadogBody.ReadRoot(http);
        var now = NowUnixSeconds;
        long? end = body.Number("end") is { } seconds ? (long)Math.Clamp(seconds, 0, 9e9) : null;
        if (end <= now) throw new RefusedException($"\"end\" ({end}) is not in the future. Give it in Unix seconds, or leave it out to mute until somebody unmutes.");
        var isOverride = body.Truth("override") ?? DatadogParameters.Truth(http, "override");
        if (!isOverride && hosts.Find(name)?.IsMutedAt(now) == true)
            throw new RefusedException($"host:{name} is already muted. To mute this host with a different end timestamp,    add ?override=true to your request.");
        var message = body.Text("message") ?? "";
        if (hosts.Mute(name, end, message, now) is not { } host) throw NotEntered(name);
        await JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("action", "Muted");
            json.WriteNumber("downtime_id", host.Mute!.Id);
            json.WriteString("hostname", name);
            json.WriteNumberOrNull("end", end);
            json.WriteTextOrNull("message", message);
            json.WriteEndObject();
        });
    }

    Task Unmute(HttpContext http)
    {
        var name = DatadogParameters.Path(http, "host");
        if (hosts.Unmute(name, NowUnixSeconds) is not { } ended) throw new RefusedException($"host:{name} is not muted.");
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("action", "Unmuted");
            json.WriteNumber("downtime_id", ended.Id);
            json.WriteString("hostname", name);
            json.WriteEndObject();
        });
    }

    internal static RefusedException NotEntered(string host) =>
        new($"The host \"{(host.Length <= 60 ? host : host[..60] + "…")}\" cannot be entered: a name has 1 to {HostCatalogue.MaxNameChars} characters with a letter or digit among them, and at most {HostCatalogue.MaxHosts} hosts are kept.");

    static bool IsUp(HostInfo host, long now) => host.LastUnixSeconds >= now - UpSeconds;

    /// <summary>A word in the name, an alias, an app or a tag; <c>host:</c> before it is passed over.</summary>
    static bool Matches(HostInfo host, string filter)
    {
        if (filter.StartsWith("host:", StringComparison.OrdinalIgnoreCase)) filter = filter[5..];
        return filter.Length == 0 || Has(host.Name) || host.Aliases.Any(Has) || host.Apps.Any(Has) || host.TagsBySource.Values.Any(tags => tags.Any(Has));

        bool Has(string text) => text.Contains(filter, StringComparison.OrdinalIgnoreCase);
    }

    static IEnumerable<HostInfo> Sorted(HttpContext http, IEnumerable<HostInfo> found, HostFigures figures, long now)
    {
        var direction = DatadogParameters.Text(http, "sort_dir");
        if (direction is not ("" or "asc" or "desc")) throw new RefusedException("The parameter 'sort_dir' must be asc or desc.");
        var field = DatadogParameters.Text(http, "sort_field");
        Func<HostInfo, IComparable?> by = field switch
        {
            "" or "name" or "host" => host => host.Name.ToUpperInvariant(),
            "status" => host => IsUp(host, now),
            "apps" => host => host.Apps.Count,
            "cpu" => host => figures.Of(host).Cpu,
            "iowait" => host => figures.Of(host).IoWait,
            "load" => host => figures.Of(host).Load,
            "last_reported_time" => host => host.LastUnixSeconds,
            _ => throw new RefusedException($"The parameter 'sort_field' cannot be \"{field}\". There are: name, status, apps, cpu, iowait, load, last_reported_time."),
        };
        var isDown = direction == "desc" || (direction.Length == 0 && field is not ("" or "name" or "host"));
        return (isDown ? found.OrderByDescending(by) : found.OrderBy(by)).ThenBy(host => host.Name, StringComparer.OrdinalIgnoreCase);
    }

    static void Write(Utf8JsonWriter json, HostInfo host, HostFigures figures, long now, bool withMetadata)
    {
        json.WriteStartObject();
        json.WriteNumber("id", host.Id);
        json.WriteString("name", host.Name);
        json.WriteString("host_name", host.Name);
        json.WriteTexts("aliases", host.Aliases.Prepend(host.Name).Distinct());
        json.WriteTexts("apps", host.Apps);
        json.WriteNull("aws_name");
        json.WriteTexts("sources", host.Facts.AgentVersion.Length > 0 ? ["agent"] : []);
        json.WriteStartObject("tags_by_source");
        json.WriteTexts(HostTagsApi.Shown(HostCatalogue.AgentSource), host.TagsBySource.GetValueOrDefault(HostCatalogue.AgentSource, []).Prepend($"host:{host.Name}"));
        json.WriteTexts(HostTagsApi.Shown(HostCatalogue.UserSource), host.TagsBySource.GetValueOrDefault(HostCatalogue.UserSource, []));
        foreach (var (source, tags) in host.TagsBySource.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            if (source is not (HostCatalogue.AgentSource or HostCatalogue.UserSource)) json.WriteTexts(HostTagsApi.Shown(source), tags);
        json.WriteEndObject();
        json.WriteBoolean("up", IsUp(host, now));
        json.WriteNumber("last_reported_time", host.LastUnixSeconds);
        json.WriteBoolean("is_muted", host.IsMutedAt(now));
        json.WriteNumberOrNull("mute_timeout", host.IsMutedAt(now) ? host.Mute!.EndUnixSeconds : null);
        WriteFacts(json, host.Facts, withMetadata);
        var (cpu, ioWait, load) = figures.Of(host);
        json.WriteStartObject("metrics");
        WriteFigure(json, "cpu", cpu);
        WriteFigure(json, "iowait", ioWait);
        WriteFigure(json, "load", load);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteFacts(Utf8JsonWriter json, HostFacts facts, bool withMetadata)
    {
        json.WriteStartObject("meta");
        json.WriteString("agent_version", facts.AgentVersion);
        json.WriteString("machine", facts.Machine);
        json.WriteString("platform", facts.Platform);
        json.WriteString("processor", facts.Processor);
        json.WriteString("pythonV", facts.PythonVersion);
        json.WriteString("socket-hostname", facts.SocketHostname);
        json.WriteString("socket-fqdn", facts.SocketFqdn);
        json.WriteNumber("cpuCores", facts.CpuCores);
        json.WriteTexts("nixV", facts.SystemVersion);
        if (withMetadata) json.WriteString("gohai", facts.Gohai); // Some kilobytes each.
        json.WriteEndObject();
    }

    static void WriteFigure(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    /// <summary>What the hosts measured lately of themselves; read when somebody asks for it.</summary>
    sealed class HostFigures(IMetricReader metrics, long fromUnixSeconds, long toUnixSeconds, CancellationToken cancel)
    {
        Dictionary<string, double>? _idle, _ioWait, _load;

        public (double? Cpu, double? IoWait, double? Load) Of(HostInfo host)
        {
            _idle ??= Read("system.cpu.idle");
            _ioWait ??= Read("system.cpu.iowait");
            _load ??= Read("system.load.norm.15");
            var name = MetricNames.Tag("host:" + host.Name) is { } tag ? MetricTags.ValueIn(tag) : "";
            return (_idle.TryGetValue(name, out var idle) ? 100 - idle : null, Find(_ioWait, name), Find(_load, name));
        }

        static double? Find(Dictionary<string, double> byHost, string host) => byHost.TryGetValue(host, out var value) ? value : null;

        Dictionary<string, double> Read(string metric)
        {
            var byHost = new Dictionary<string, double>(StringComparer.Ordinal);
            var width = (int)(toUnixSeconds - fromUnixSeconds);
            var read = new MetricRead(metric, (fromUnixSeconds / width) * width, toUnixSeconds, width);
            foreach (var series in metrics.Read(read, cancel))
            {
                if (series.Key.Tags.ValueOf("host") is not { Length: > 0 } host) continue;
                for (var i = series.Counts.Length - 1; i >= 0; i--)
                {
                    if (series.Counts[i] == 0) continue;
                    byHost.TryAdd(host, series.Lasts[i]);
                    break;
                }
            }
            return byHost;
        }
    }
}
