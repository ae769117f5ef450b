namespace Apm.Core.Ports;

/// <summary>Says how traces are sampled now.</summary>
/// <remarks>Thread-safe.</remarks>
public interface ISamplingReader
{
    /// <summary>The state at this moment; never null.</summary>
    SamplingStatus Sampling();
}
