using Apm.Core;

namespace Apm.Wire.Datadog;

/// <summary>
/// What a tracer says about itself when it asks <c>POST /v0.7/config</c> (trace-intake §1.20). Texts are "" when absent.
/// </summary>
public sealed record RemoteConfigRequest
{
    public string RuntimeId { get; init; } = "";
    public string Language { get; init; } = "";
    public string TracerVersion { get; init; } = "";
    public string Service { get; init; } = "";
    public string Env { get; init; } = "";

    /// <summary>Version of the application.</summary>
    public string Version { get; init; } = "";

    /// <exception cref="PayloadException">The bytes are no JSON object.</exception>
    public static RemoteConfigRequest Decode(ReadOnlySpan<byte> json)
    {
        using var document = JsonBody.Parse(json, "Datadog remote configuration");
        var tracer = document.RootElement.Object("client").Object("client_tracer");
        return new RemoteConfigRequest
        {
            RuntimeId = tracer.Text("runtime_id"),
            Language = tracer.Text("language"),
            TracerVersion = tracer.Text("tracer_version"),
            Service = tracer.Text("service"),
            Env = tracer.Text("env"),
            Version = tracer.Text("app_version"),
        };
    }
}
