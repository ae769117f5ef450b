using System.Text;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Normalize;

/// <summary>Tag <c>span.kind</c> as a <see cref="SpanKind"/>; case does not matter (trace-intake §3.3).</summary>
static class SpanKinds
{
    /// <summary>Unspecified for any other text.</summary>
    public static SpanKind Parse(ReadOnlySpan<byte> text) =>
        Ascii.EqualsIgnoreCase(text, "server"u8) ? SpanKind.Server
        : Ascii.EqualsIgnoreCase(text, "client"u8) ? SpanKind.Client
        : Ascii.EqualsIgnoreCase(text, "internal"u8) ? SpanKind.Internal
        : Ascii.EqualsIgnoreCase(text, "producer"u8) ? SpanKind.Producer
        : Ascii.EqualsIgnoreCase(text, "consumer"u8) ? SpanKind.Consumer
        : SpanKind.Unspecified;
}
