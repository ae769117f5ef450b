using System.Globalization;
using System.Text;

namespace Apm.Cli.Settings;

/// <summary>Something in a settings file or variable that is not as it should be: where, what, and what to write instead.</summary>
/// <param name="Where"><c>apm.yaml:3:5</c>, or the variable.</param>
/// <param name="Sentence">What is wrong, and what happens now.</param>
public sealed record SettingsIssue(string Where, string Sentence)
{
    /// <summary>It keeps Apm from starting; else the value is passed over.</summary>
    public bool IsError { get; init; }

    /// <summary>The line of the file; null for a variable.</summary>
    public string? Line { get; init; }

    /// <summary>Its number, from 1.</summary>
    public int LineNumber { get; init; }

    /// <summary>Where in the line, from 1, and how many characters.</summary>
    public int Column { get; init; } = 1;

    /// <inheritdoc cref="Column"/>
    public int Width { get; init; } = 1;

    /// <summary>The lines as they should be; empty when the sentence says it.</summary>
    public IReadOnlyList<string> Correction { get; init; } = [];

    /// <summary>The whole message, of several lines.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Where}: {Sentence}");
        if (Line is not null)
        {
            var number = LineNumber.ToString(CultureInfo.InvariantCulture);
            var margin = new string(' ', number.Length);
            var shown = Line.Replace('\t', '→');
            text.Append(CultureInfo.InvariantCulture, $"\n  {number} | {shown}\n  {margin} | {new string(' ', Math.Max(0, Column - 1))}{new string('^', Math.Clamp(Width, 1, Math.Max(1, shown.Length - Column + 1)))}");
        }
        if (Correction.Count > 0) text.Append("\n  write:");
        foreach (var line in Correction) text.Append("\n    ").Append(line);
        return text.ToString();
    }
}
