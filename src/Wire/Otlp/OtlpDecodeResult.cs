using System.Runtime.InteropServices;

namespace Apm.Wire.Otlp;

/// <summary>What became of the spans of a request; goes into the answer's <c>partial_success</c>.</summary>
/// <param name="AcceptedSpans">Spans that are in the batch now.</param>
/// <param name="RejectedSpans">Spans that were left out, each for an id that is not valid (trace-intake §7.2).</param>
/// <param name="FirstReason">Why the first of them was, with its place; "" when none was.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OtlpDecodeResult(int AcceptedSpans, int RejectedSpans, string FirstReason);
