namespace Apm.Wire.Otlp;

/// <summary>What an OTLP request carries.</summary>
public enum OtlpSignal
{
    Traces,
    Metrics,
    Logs,
}
