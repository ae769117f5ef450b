using System.Globalization;
using System.Text.Json;

namespace Apm.TraceAgent.Sample;

/// <summary>The rates that tracers are told, ready to be sent (trace-intake §1.7, §1.8).</summary>
/// <param name="Version">Opaque; changes only when a rate does.</param>
/// <param name="Rates">By <c>service:…,env:…</c>.</param>
public sealed record RatesAnswer(string Version, IReadOnlyDictionary<string, double> Rates)
{
    /// <summary>The key of all services that are not listed; always there.</summary>
    public const string DefaultKey = "service:,env:";

    /// <summary>The body when the tracer has them already.</summary>
    public const string Unchanged = "{}\n";

    /// <summary>The body with all of them.</summary>
    public string Body { get; } = JsonSerializer.Serialize(new Dictionary<string, object> { ["rate_by_service"] = Rates }) + "\n";

    /// <summary>Everything is kept.</summary>
    public static RatesAnswer All(string version) => new(version, new Dictionary<string, double> { [DefaultKey] = 1 });

    /// <summary>A version that no other has had: the second in which it began, and a count.</summary>
    public static string VersionOf(long unixSeconds, long change) => string.Create(CultureInfo.InvariantCulture, $"{unixSeconds:x}-{change:x}");
}
