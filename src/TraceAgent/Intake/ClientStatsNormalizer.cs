using System.Text;
using Apm.Core.Stats;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;
using Apm.Wire.Datadog;

namespace Apm.TraceAgent.Intake;

/// <summary>Repairs the names in statistics of a client as those of spans are (trace-intake §3.10), so that both meet in one key.</summary>
static class ClientStatsNormalizer
{
    /// <summary>The buckets of a payload with normal names; keys that become equal are merged.</summary>
    /// <param name="isObfuscated">The client took the values out of its resources itself (<c>Datadog-Obfuscation-Version</c>).</param>
    public static IReadOnlyList<StatsBucket> Normalize(ClientStatsPayload payload, NormalizeSettings settings, Obfuscator obfuscator, bool isObfuscated) =>
        payload.ToBuckets(key => Normalize(key with { Resource = obfuscator.StatsResource(key.Type, key.Resource, isObfuscated) }, payload.Language, settings));

    static StatsKey Normalize(StatsKey key, string language, NormalizeSettings settings)
    {
        var service = NameRules.ServiceText(key.Service);
        var name = Text(NameRules.OperationName(Bytes(key.Name)));
        var env = NameRules.TagValueText(key.Env);
        return key with
        {
            Service = service.Length == 0 ? NameRules.FallbackService(language) : service,
            Name = name,
            Resource = key.Resource.Length == 0 ? name : Text(NameRules.Cut(Bytes(key.Resource), settings.MaxResourceBytes)),
            Env = env.Length == 0 || key.Env == "unknown-env" ? settings.DefaultEnv : env,
        };
    }

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
