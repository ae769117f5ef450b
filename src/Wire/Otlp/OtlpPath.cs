using System.Text;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>Where a decoder is in a request, kept as numbers so that it costs nothing; becomes words when something is wrong.</summary>
internal sealed class OtlpPath(string body, StringTable strings)
{
    public int Resource = -1;
    public int Scope = -1;
    public int Span = -1;

    /// <summary>Key of the attribute being read, an index into the batch's texts; 0 outside attributes.</summary>
    public int Attribute;

    public void EnterResource()
    {
        Resource++;
        Scope = -1;
        Span = -1;
    }

    public void EnterScope()
    {
        Scope++;
        Span = -1;
    }

    /// <summary>Such as <c>resource 0, scope 1, span 4, attribute "x"</c>; "" before the first resource.</summary>
    public override string ToString()
    {
        if (Resource < 0 && Span < 0) return "";
        var text = new StringBuilder();
        if (Resource >= 0) text.Append("resource ").Append(Resource);
        if (Scope >= 0) text.Append(", scope ").Append(Scope);
        if (Span >= 0) text.Append(text.Length > 0 ? ", " : "").Append("span ").Append(Span);
        if (Attribute != 0)
        {
            var key = strings.Text(Attribute);
            text.Append(", attribute \"").Append(key.Length <= 100 ? key : key[..100] + "…").Append('"');
        }
        return text.ToString();
    }

    public PayloadException Explain(DecodeFault fault, string cure) =>
        new($"{body}, byte {fault.Offset}{(ToString() is { Length: > 0 } place ? " in " + place : "")}: {fault.Message}. {cure}");
}
