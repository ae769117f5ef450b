using Apm.Core.Hosts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>The tags of hosts by who attached them (metrics-monitors §4.8); they count for every series of the host.</summary>
public sealed class HostTagsApi(HostCatalogue hosts, DatadogGate gate)
{
    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/tags/hosts", gate.Before("host_tags_list", KeyNeed.ApiAndApplication, ListAll));
        routes.MapGet("/api/v1/tags/hosts/{host}", gate.Before("host_tags_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPost("/api/v1/tags/hosts/{host}", gate.Before("host_tags_add", KeyNeed.ApiAndApplication, http => Change(http, hosts.AddTags)));
        routes.MapPut("/api/v1/tags/hosts/{host}", gate.Before("host_tags_set", KeyNeed.ApiAndApplication, http => Change(http, hosts.SetTags)));
        routes.MapDelete("/api/v1/tags/hosts/{host}", gate.Before("host_tags_delete", KeyNeed.ApiAndApplication, Remove));
    }

    /// <summary>A source as it is shown: <c>Users</c>, <c>Datadog</c>, <c>Chef</c>.</summary>
    internal static string Shown(string source) => source.Length == 0 ? "" : char.ToUpperInvariant(source[0]) + source[1..];

    Task ListAll(HttpContext http)
    {
        var source = SourceOf(http);
        var hostsByTag = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var host in hosts.All())
        {
            foreach (var tag in TagsOf(host, source))
            {
                if (!hostsByTag.TryGetValue(tag, out var names)) hostsByTag.Add(tag, names = []);
                names.Add(host.Name);
            }
        }
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("tags");
            foreach (var (tag, names) in hostsByTag) json.WriteTexts(tag, names);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    Task Get(HttpContext http)
    {
        var host = hosts.Find(DatadogParameters.Path(http, "host")) ?? throw NotFound();
        var source = SourceOf(http);
        var bySource = DatadogParameters.Truth(http, "by_source");
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            if (bySource)
            {
                json.WriteStartObject("tags");
                foreach (var (name, tags) in host.TagsBySource.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    if (source.Length == 0 || source == name) json.WriteTexts(Shown(name), tags);
                json.WriteEndObject();
            }
            else
            {
                json.WriteTexts("tags", TagsOf(host, source));
            }
            json.WriteEndObject();
        });
    }

    static async Task Change(HttpContext http, Func<string, string, IReadOnlyList<string>, IReadOnlyList<string>?> change)
    {
        var name = DatadogParameters.Path(http, "host");
        var body = await DatadogBody.ReadRoot(http);
        var tags = body.Texts("tags") ?? throw new RefusedException("""The body has no "tags". Send {"tags":["env:dev"]}.""");
        var now = change(name, SourceOf(http), tags) ?? throw HostsApi.NotEntered(name);
        await JsonAnswer.Write(http, StatusCodes.Status201Created, json =>
        {
            json.WriteStartObject();
            json.WriteString("host", name);
            json.WriteTexts("tags", now);
            json.WriteEndObject();
        });
    }

    Task Remove(HttpContext http)
    {
        var source = SourceOf(http);
        if (!hosts.RemoveTags(DatadogParameters.Path(http, "host"), source.Length == 0 ? HostCatalogue.UserSource : source)) throw NotFound();
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    static RefusedException NotFound() => new("Host not found", StatusCodes.Status404NotFound);

    static string SourceOf(HttpContext http) => DatadogParameters.Text(http, "source").ToLowerInvariant();

    static IEnumerable<string> TagsOf(HostInfo host, string source) =>
        host.TagsBySource.Where(pair => source.Length == 0 || pair.Key == source).SelectMany(pair => pair.Value).Distinct().Order(StringComparer.Ordinal);
}
