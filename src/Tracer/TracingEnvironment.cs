using System.Globalization;
using System.Reflection;

namespace Apm.Tracer;

/// <summary>Fills in what the options leave open, from environment variables. A value that makes no sense counts as not set.</summary>
internal sealed class TracingEnvironment(Func<string, string?> read)
{
    public bool IsEnabled => Text("DD_TRACE_ENABLED")?.ToLowerInvariant() is not ("false" or "0");

    public string ServiceName =>
        Text("DD_SERVICE") ?? Text("OTEL_SERVICE_NAME") ?? Tag("service") ?? Assembly.GetEntryAssembly()?.GetName().Name ?? "dotnet";

    public string? Environment => Text("DD_ENV") ?? Tag("env");

    public string? Version => Text("DD_VERSION") ?? Tag("version");

    /// <summary>The tags of <c>DD_TAGS</c> that are neither service, env nor version.</summary>
    public IEnumerable<KeyValuePair<string, string>> Tags => AllTags().Where(tag => tag.Key is not ("service" or "env" or "version"));

    /// <summary>The agent's address; null when the exporter's own variables decide.</summary>
    public Uri? AgentUrl
    {
        get
        {
            if (Uri.TryCreate(Text("DD_TRACE_AGENT_URL"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
            var (host, port) = (Text("DD_AGENT_HOST"), Text("DD_TRACE_AGENT_PORT"));
            var isOtlpSet = Text("OTEL_EXPORTER_OTLP_ENDPOINT") is not null || Text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") is not null;
            if (host is null && port is null && isOtlpSet) return null;
            var number = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is > 0 and < 65_536 ? given : 8126;
            return Uri.TryCreate(string.Create(CultureInfo.InvariantCulture, $"http://{host ?? "localhost"}:{number}"), UriKind.Absolute, out var made)
                ? made : new Uri("http://localhost:8126");
        }
    }

    string? Text(string name) => read(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    string? Tag(string key) => AllTags().FirstOrDefault(tag => tag.Key == key).Value;

    // "k:v,k:v", or separated by spaces when there is no comma.
    IEnumerable<KeyValuePair<string, string>> AllTags()
    {
        if (Text("DD_TAGS") is not { } text) yield break;
        foreach (var word in text.Split(text.Contains(',') ? ',' : ' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = word.IndexOf(':');
            if (colon > 0) yield return new(word[..colon].Trim(), word[(colon + 1)..].Trim());
        }
    }
}
