namespace Apm.TraceAgent.Intake;

/// <summary>A body is larger than the limit; it was not kept.</summary>
public sealed class BodyTooLargeException(int maxBytes)
    : Exception($"The body is larger than {maxBytes} bytes. Send smaller batches.")
{
    public int MaxBytes { get; } = maxBytes;
}
