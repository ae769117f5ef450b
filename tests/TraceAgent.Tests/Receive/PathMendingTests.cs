using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

public class PathMendingTests
{
    static readonly string[] Known = ["/info", "/spans", "/v1/traces", "/v0.4/traces", "/api/v2/spans", "/services"];

    static readonly string[] Prefixes = ["/telemetry/proxy/"];

    [Theory]
    [InlineData("/v0.4/traces/telemetry/proxy/api/v2/apmtelemetry", "application/json", "/telemetry/proxy/api/v2/apmtelemetry")]
    [InlineData("/v1/traces/v1/traces", "application/x-protobuf", "/v1/traces")]
    [InlineData("/v1/traces/", "application/json", "/v1/traces")]
    [InlineData("//v0.4/traces", "application/msgpack", "/v0.4/traces")]
    [InlineData("/collector/v1/traces", "application/json", "/v1/traces")]
    [InlineData("/api/v2/spans/api/v2/spans", "application/json", "/api/v2/spans")]
    [InlineData("/", "application/x-protobuf", "/v1/traces")]
    [InlineData("/v1", "application/x-protobuf", "/v1/traces")]
    [InlineData("/", "application/json", null)]
    [InlineData("/v1/trace", "application/json", null)]
    [InlineData("/v0.9/traces", "application/msgpack", null)]
    [InlineData("/shop/services", "application/json", null)] // One segment is too common a word to be sure.
    public void A_path_is_mended_to_what_was_meant_or_left(string path, string contentType, string? meant) => Assert.Equal(meant, PathMending.Mend(path, contentType, isPost: true, Known, Prefixes));

    [Fact]
    public void What_only_reads_is_never_mended() => Assert.Null(PathMending.Mend("/x/v1/traces", "", isPost: false, Known, Prefixes));
}
