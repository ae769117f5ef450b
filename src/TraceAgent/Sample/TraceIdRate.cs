namespace Apm.TraceAgent.Sample;

/// <summary>
/// Keeps a share of all trace ids: the same ids on every machine, and those kept at a low rate are among those kept at a higher one
/// (trace-intake §4.6; tracers decide alike).
/// </summary>
static class TraceIdRate
{
    const ulong Factor = 1_111_111_111_111_111_111;

    /// <summary>Whether a trace is among the share.</summary>
    /// <param name="traceIdLow">Lower 64 bits.</param>
    /// <param name="rate">1 or more keeps all, 0 or less none.</param>
    public static bool Keeps(ulong traceIdLow, double rate) => rate >= 1 || (rate > 0 && Hash(traceIdLow) < (ulong)(rate * 18_446_744_073_709_551_616.0));

    /// <summary>The place of a trace id among all.</summary>
    public static ulong Hash(ulong traceIdLow) => unchecked(traceIdLow * Factor);
}
