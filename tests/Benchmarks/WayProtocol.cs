namespace Apm.Benchmarks;

/// <summary>How the whole way's spans are sent.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Goal">What design and issue ask of the whole way.</param>
/// <param name="Listener">Which of the agent's ports takes it.</param>
sealed record WayProtocol(string Name, string Listener, string Path, string ContentType, string Goal)
{
    static readonly WayProtocol[] s_all =
    [
        new("v04", "agent", "/v0.4/traces", "application/msgpack", "≥ 300 k spans/s per core, and on the box"),
        new("v05", "agent", "/v0.5/traces", "application/msgpack", "≥ 500 k spans/s per core"),
        new("otlp-http", "otlp-http", "/v1/traces", "application/x-protobuf", "≥ 250 k spans/s per core"),
        new("otlp-grpc", "otlp-grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "application/grpc", "≥ 150 k spans/s per core"),
    ];

    public bool IsOtlp => Listener != "agent";

    public bool IsGrpc => Listener == "otlp-grpc";

    public static WayProtocol Of(string name) =>
        Array.Find(s_all, protocol => protocol.Name == name) ?? throw new ArgumentException($"\"{name}\" is none of {string.Join(", ", s_all.Select(protocol => protocol.Name))}.");
}
