using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

public class DatadogContentTypeTests
{
    [Theory]
    [InlineData(DatadogTraceRoute.V01, "application/msgpack", DatadogBodyKind.Unsupported)]
    [InlineData(DatadogTraceRoute.V02, "application/msgpack", DatadogBodyKind.Unsupported)]
    [InlineData(DatadogTraceRoute.V01, null, DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V02, "text/plain", DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V03, "application/msgpack", DatadogBodyKind.MsgPack)]
    [InlineData(DatadogTraceRoute.V04, "Application/MsgPack; v=1", DatadogBodyKind.MsgPack)]
    [InlineData(DatadogTraceRoute.V04, "application/json; charset=utf-8", DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V04, "text/json", DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V04, "", DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V04, null, DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V04, ";;;", DatadogBodyKind.Json)]
    [InlineData(DatadogTraceRoute.V04, "application/octet-stream", DatadogBodyKind.JsonThenMsgPack)]
    [InlineData(DatadogTraceRoute.V05, "application/json", DatadogBodyKind.MsgPack)]
    [InlineData(DatadogTraceRoute.V07, null, DatadogBodyKind.MsgPack)]
    [InlineData(DatadogTraceRoute.V1, "text/plain", DatadogBodyKind.MsgPack)]
    public void Chooses(DatadogTraceRoute route, string? contentType, DatadogBodyKind expected) =>
        Assert.Equal(expected, DatadogContentType.Choose(route, contentType));
}
