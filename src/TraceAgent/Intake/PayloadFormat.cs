namespace Apm.TraceAgent.Intake;

/// <summary>How a payload's bytes are to be read. The numbers stand in the log; never renumber.</summary>
#pragma warning disable CA1028 // One byte in the log.
public enum PayloadFormat : byte
#pragma warning restore CA1028
{
    /// <summary>Datadog v0.1: a JSON array of spans.</summary>
    DatadogJsonSpans = 1,

    /// <summary>Datadog v0.2–v0.4 as JSON: an array of arrays of spans.</summary>
    DatadogJson = 2,

    /// <summary>Datadog v0.3, v0.4 as msgpack.</summary>
    DatadogMsgPack = 3,
    DatadogV05 = 4,
    DatadogV07 = 5,
    DatadogV1 = 6,

    /// <summary>Datadog <c>/v0.6/stats</c>: statistics that a tracer computed.</summary>
    ClientStats = 7,
    OtlpProtobuf = 8,
    OtlpJson = 9,
    ZipkinJson = 10,
    ZipkinProtobuf = 11,
}
