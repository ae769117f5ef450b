using System.Text;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// Hides what statements, commands, URLs and tags carry of an application's data (trace-intake §5), before anything is counted
/// or stored. Made once from the settings; each batch gets a run of its own.
/// </summary>
/// <remarks>Thread-safe. The same spans and settings give the same result at any time, so a replayed log is as it was.</remarks>
public sealed class Obfuscator
{
    readonly HashSet<string> _cardExemptKeys;

    public Obfuscator(ObfuscationSettings settings)
    {
        Settings = settings;
        MongoDb = new JsonObfuscator(settings.MongoDb, settings.MaxResultBytes);
        Elasticsearch = new JsonObfuscator(settings.Elasticsearch, settings.MaxResultBytes);
        OpenSearch = new JsonObfuscator(settings.OpenSearch, settings.MaxResultBytes);
        _cardExemptKeys = new HashSet<string>([.. CardNumbers.ExemptKeys, .. settings.CreditCardsKeepValues], StringComparer.Ordinal);
    }

    public ObfuscationSettings Settings { get; }

    internal JsonObfuscator MongoDb { get; }
    internal JsonObfuscator Elasticsearch { get; }
    internal JsonObfuscator OpenSearch { get; }

    /// <summary>Whether a tag's value is never taken for a card number.</summary>
    internal bool IsCardExempt(string key) => key.StartsWith('_') || _cardExemptKeys.Contains(key);

    internal ObfuscateRun Begin(SpanBatch batch) => new(batch, this);

    /// <summary>Null when there are no rules, which is the common case.</summary>
    internal ReplaceRun? BeginReplace(SpanBatch batch) => Settings.ReplaceRules.Count == 0 ? null : new ReplaceRun(batch, Settings.ReplaceRules, Settings.MaxResultBytes);

    /// <summary>The resource of statistics that a client computed (trace-intake §3.10), as that of a span would be.</summary>
    /// <param name="type">Type of the spans that were counted.</param>
    /// <param name="resource">As it came.</param>
    /// <param name="isObfuscated">The client did it itself and only the rules of replacement are left.</param>
    public string StatsResource(string type, string resource, bool isObfuscated)
    {
        if (!isObfuscated && resource.Length > 0)
        {
            if (type is "sql" or "cassandra" && Settings.SqlEnabled)
                resource = Encoding.UTF8.GetByteCount(resource) > Settings.MaxStatementBytes ? SqlObfuscator.NonParsable
                    : SqlObfuscator.Obfuscate(resource, SqlDialect.Unknown, Settings.SqlReplaceDigits, Settings.MaxResultBytes);
            else if (type is "redis" or "valkey")
            {
                var names = new BoundedText(Settings.MaxResultBytes);
                RedisObfuscator.Quantize(Encoding.UTF8.GetBytes(resource), names);
                resource = Encoding.UTF8.GetString(names.Written);
            }
        }
        foreach (var rule in Settings.ReplaceRules)
            if (rule.Name is ReplaceRule.ResourceName or ReplaceRule.AnyName) resource = rule.Apply(resource, Settings.MaxResultBytes);
        return resource;
    }
}
