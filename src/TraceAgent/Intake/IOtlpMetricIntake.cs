namespace Apm.TraceAgent.Intake;

/// <summary>Takes metrics requests of OTLP, whatever brought them.</summary>
public interface IOtlpMetricIntake
{
    /// <summary>Takes a request; its points are durable when the task ends. Any thread.</summary>
    /// <returns>The answer's body, in the encoding of the request.</returns>
    /// <exception cref="Core.PayloadException">It is no such request.</exception>
    /// <exception cref="OverloadedException">There is no memory for it now.</exception>
    /// <exception cref="Core.Ports.StoreUnavailableException">Nothing was kept; the same request may be sent again.</exception>
    Task<byte[]> Take(ReadOnlyMemory<byte> body, bool isJson);
}
