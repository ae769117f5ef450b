using System.Text;
using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;
using Apm.Wire.Datadog;

namespace Apm.TraceAgent.Intake;

/// <summary>Repairs the names in statistics of a client as those of spans are (trace-intake §3.10), so that both meet in one key.</summary>
/// <remarks>Thread-safe.</remarks>
sealed class ClientStatsNormalizer(Counters counters, NormalizeSettings settings, EndpointNames? endpoints)
{
    readonly Obfuscator _obfuscator = new(settings.Obfuscation);
    readonly ChunkFilter _filter = new(settings.Filters);

    /// <summary>
    /// The buckets of a payload with normal names; keys that become equal are merged, groups with an ignored resource left out and
    /// counted in <c>client_stats_rejected</c>.
    /// </summary>
    /// <param name="payload">As decoded.</param>
    /// <param name="isObfuscated">The client took the values out of its resources itself (<c>Datadog-Obfuscation-Version</c>).</param>
    public IReadOnlyList<StatsBucket> Normalize(ClientStatsPayload payload, bool isObfuscated) =>
        payload.ToBuckets(key => Normalize(key, payload.Language, isObfuscated));

    StatsKey? Normalize(StatsKey key, string language, bool isObfuscated)
    {
        var service = NameRules.ServiceText(key.Service);
        if (service.Length == 0) service = NameRules.FallbackService(language);
        var name = Text(NameRules.OperationName(Bytes(key.Name)));
        var resource = key.Resource.Length == 0 ? name : Text(NameRules.Cut(Bytes(key.Resource), settings.MaxResourceBytes));
        if (_filter.IsIgnored(resource))
        {
            counters.Add("client_stats_rejected", ChunkFilter.IgnoredResource, service: service);
            return null;
        }
        resource = _obfuscator.StatsResource(key.Type, resource, isObfuscated);
        if (endpoints is not null && IsWeb(key, resource) && !HasRoute(key, resource)) resource = endpoints.TemplateOf(service, resource);
        var env = NameRules.TagValueText(key.Env);
        return key with
        {
            Service = service,
            Name = name,
            Resource = resource,
            PeerTags = Quantized(key.PeerTags),
            Env = env.Length == 0 || key.Env == "unknown-env" ? settings.DefaultEnv : env,
        };
    }

    /// <summary>As the aggregator writes them: addresses are not told apart, entries are sorted (trace-intake §3.7).</summary>
    static string Quantized(string peerTags)
    {
        if (peerTags.Length == 0) return "";
        var entries = peerTags.Split('\0').Select(entry => entry.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 ? entry[..(colon + 1)] + PeerAddress.Quantize(entry[(colon + 1)..]) : entry);
        return string.Join('\0', entries.Order(StringComparer.Ordinal));
    }

    /// <summary>As for spans: by type; or a call whose resource begins with a method or an address.</summary>
    static bool IsWeb(StatsKey key, string resource) =>
        key.Type is "web" or "http" || (!resource.StartsWith('/') && SpanKinds.Parse(Bytes(key.Kind)) is SpanKind.Server or SpanKind.Client);

    /// <summary>The client knew the route and named the resource by it.</summary>
    static bool HasRoute(StatsKey key, string resource) => key.HttpEndpoint.Length > 0 && resource.EndsWith(key.HttpEndpoint, StringComparison.Ordinal);

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
