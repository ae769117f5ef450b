namespace Apm.Wire.MsgPack;

/// <summary>
/// The bytes are not the msgpack that the caller expected. Decoders catch it and say in a
/// <see cref="Apm.Core.PayloadException"/> which protocol, trace and key it happened in.
/// </summary>
/// <param name="offset">First byte of the value that is wrong.</param>
/// <param name="problem">What is wrong and what to do, as full sentences without the place.</param>
public sealed class MsgPackException(int offset, string problem) : Exception(problem)
{
    /// <summary>First byte of the value that is wrong, counted from the body's start.</summary>
    public int Offset { get; } = offset;
}
