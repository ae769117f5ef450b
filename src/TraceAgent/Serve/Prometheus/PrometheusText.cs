using System.Globalization;
using System.Text;

namespace Apm.TraceAgent.Serve.Prometheus;

/// <summary>
/// Writes Prometheus's text format 0.0.4:
/// <code>
/// # HELP name what it is
/// # TYPE name counter
/// name{label="value"} 5
/// </code>
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class PrometheusText
{
    /// <summary>The content type of what it writes.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly StringBuilder _text = new();

    /// <summary>Begins a family; its samples follow before the next family begins.</summary>
    /// <param name="type"><c>counter</c> or <c>gauge</c>.</param>
    public PrometheusText Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ');
        foreach (var c in help) Append(c, isLabel: false);
        _text.Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>One sample.</summary>
    /// <param name="labels">Those with an empty value are left out: to Prometheus they are the same as none.</param>
    public PrometheusText Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        var open = '{';
        foreach (var (label, of) in labels)
        {
            if (of.Length == 0) continue;
            _text.Append(open).Append(label).Append("=\"");
            foreach (var c in of) Append(c, isLabel: true);
            _text.Append('"');
            open = ',';
        }
        if (open == ',') _text.Append('}');
        _text.Append(' ').Append(NumberText(value)).Append('\n');
        return this;
    }

    /// <summary>A text as a name: what must not stand in one becomes <c>_</c>.</summary>
    public static string NameOf(string text)
    {
        var name = new StringBuilder(text.Length + 1);
        foreach (var c in text) name.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) name.Insert(0, '_');
        return name.ToString();
    }

    public override string ToString() => _text.ToString();

    void Append(char c, bool isLabel)
    {
        if (c == '\\') _text.Append("\\\\");
        else if (c == '\n') _text.Append("\\n");
        else if (c == '"' && isLabel) _text.Append("\\\"");
        else _text.Append(c);
    }

    static string NumberText(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
