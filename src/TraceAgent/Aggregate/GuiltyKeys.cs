using System.Globalization;
using Apm.Core.Stats;

namespace Apm.TraceAgent.Aggregate;

/// <summary>Says whose statistics have too many keys, and which part of the key makes them many.</summary>
static class GuiltyKeys
{
    static readonly (string Words, Func<StatsKey, string> Part)[] Parts =
    [
        ("resources", key => key.Resource),
        ("operations", key => key.Name),
        ("peers (peer tags)", key => key.PeerTags),
        ("versions", key => key.Version),
        ("hosts", key => key.Hostname),
        ("environments", key => key.Env),
        ("HTTP endpoints", key => key.HttpEndpoint),
        ("types", key => key.Type),
        ("gRPC statuses", key => key.GrpcStatusCode),
        ("HTTP methods", key => key.HttpMethod),
        ("kinds", key => key.Kind),
        ("HTTP statuses", key => key.HttpStatusCode.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>A sentence such as <c>Most are of service web: 18,220 different resources, such as GET /a1</c>.</summary>
    /// <param name="keys">Of one bucket; not empty.</param>
    public static string Explain(IReadOnlyCollection<StatsKey> keys)
    {
        var services = keys.GroupBy(key => key.Service, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
        var worst = services[0];
        if (worst.Count() * 2 < keys.Count && services.Count * 2 > worst.Count())
            return string.Create(CultureInfo.InvariantCulture, $"They are spread over {services.Count:n0} services, such as {worst.Key}");
        var (words, examples) = Parts.Select(part => (part.Words, Values: worst.Select(part.Part).Where(value => value.Length > 0).Distinct(StringComparer.Ordinal).ToList())).MaxBy(part => part.Values.Count);
        return string.Create(CultureInfo.InvariantCulture, $"Most are of service {worst.Key}: {examples.Count:n0} different {words}, such as {Cut(examples[0])}");
    }

    static string Cut(string example) => example.Replace('\0', ' ') is var text && text.Length > 100 ? $"{text[..100]}..." : text;
}
