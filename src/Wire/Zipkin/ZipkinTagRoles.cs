using System.Collections.Frozen;
using System.Text;
using Apm.Core.Spans;

namespace Apm.Wire.Zipkin;

/// <summary>What a Zipkin tag means besides being a tag (trace-intake §8.3).</summary>
internal enum ZipkinTagRole : byte
{
    Unseen,
    Plain,

    /// <summary>An attribute of the resource: OpenTelemetry's exporters repeat those on each span.</summary>
    Resource,
    Status,
    StatusDescription,
    Error,
    TraceState,
    Link,
    ScopeName,
    ScopeVersion,
    SpanKind,

    /// <summary>Names the resource attribute that holds the service.</summary>
    ServiceSource,
}

/// <summary>The roles of a batch's tag keys, looked up once per key.</summary>
internal sealed class ZipkinTagRoles(StringTable strings)
{
    ZipkinTagRole[] _roles = new ZipkinTagRole[256];

    public ZipkinTagRole Of(int key)
    {
        if (key >= _roles.Length) Array.Resize(ref _roles, Math.Max(_roles.Length * 2, key + 1));
        ref var role = ref _roles[key];
        return role == ZipkinTagRole.Unseen ? role = RoleOf(Encoding.UTF8.GetString(strings.Utf8(key))) : role;
    }

    static ZipkinTagRole RoleOf(string key)
    {
        if (Exact.TryGetValue(key, out var role)) return role;
        if (key.StartsWith("otlp.link.", StringComparison.Ordinal)) return ZipkinTagRole.Link;
        foreach (var prefix in ResourcePrefixes)
            if (key.StartsWith(prefix, StringComparison.Ordinal)) return ZipkinTagRole.Resource;
        return ZipkinTagRole.Plain;
    }

    static readonly string[] ResourcePrefixes =
        ["service.", "telemetry.sdk.", "telemetry.distro.", "process.", "host.", "os.", "container.", "k8s.", "cloud.", "deployment.environment", "faas.name", "faas.id"];

    static readonly FrozenDictionary<string, ZipkinTagRole> Exact = new Dictionary<string, ZipkinTagRole>(StringComparer.Ordinal)
    {
        ["otel.status_code"] = ZipkinTagRole.Status,
        ["otel.status_description"] = ZipkinTagRole.StatusDescription,
        ["error"] = ZipkinTagRole.Error,
        ["w3c.tracestate"] = ZipkinTagRole.TraceState,
        ["otel.library.name"] = ZipkinTagRole.ScopeName,
        ["otel.scope.name"] = ZipkinTagRole.ScopeName,
        ["otel.library.version"] = ZipkinTagRole.ScopeVersion,
        ["otel.scope.version"] = ZipkinTagRole.ScopeVersion,
        ["span.kind"] = ZipkinTagRole.SpanKind,
        ["otlp.service.name.source"] = ZipkinTagRole.ServiceSource,
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
