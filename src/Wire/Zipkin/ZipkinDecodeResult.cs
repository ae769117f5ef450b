using System.Runtime.InteropServices;

namespace Apm.Wire.Zipkin;

/// <summary>What a Zipkin request held. All its spans are in the batch: Zipkin refuses a request whole or not at all.</summary>
/// <param name="Spans">Spans in the batch.</param>
/// <param name="SharedSpans">How many of them were server halves that got an id of their own (<see cref="SharedSpanId"/>).</param>
/// <param name="WithoutStart">How many came without a timestamp and got the time they were received, less their duration.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ZipkinDecodeResult(int Spans, int SharedSpans, int WithoutStart);
