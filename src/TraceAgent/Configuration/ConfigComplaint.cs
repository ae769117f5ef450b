using System.Globalization;
using System.Text;
using Apm.Core.Diagnosis;

namespace Apm.TraceAgent.Configuration;

/// <summary>Something in a configuration file of the user that is not as it should be: where, what it means, and what to write instead.</summary>
/// <param name="File">Its path, as the user knows it.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, a tab as one.</param>
/// <param name="Sentence">What is wrong, and how it is read all the same or that it is not.</param>
public sealed record ConfigComplaint(string File, int Line, int Column, string Sentence)
{
    /// <summary>What it stands in is not used; else it is read all the same.</summary>
    public bool IsError { get; init; }

    /// <summary>The line as it is written, secrets masked; "" when there is none.</summary>
    public string Written
    {
        get;
        init => field = YamlText.Masked(value);
    } = "";

    /// <summary>What kind of fault it is, for the doctor.</summary>
    public ConfigFaultKind Kind { get; init; } = ConfigFaultKind.Other;

    /// <summary>Of a misplaced key, its name and the group it belongs into; else "".</summary>
    public string Key { get; init; } = "";

    /// <inheritdoc cref="Key"/>
    public string Group { get; init; } = "";

    /// <summary>How many characters of the line are meant, from <see cref="Column"/> on.</summary>
    public int Width { get; init; } = 1;

    /// <summary>The lines as they should be, at most <see cref="YamlText.MaxLines"/>; empty when the sentence says it. Secrets are masked.</summary>
    public IReadOnlyList<string> Corrected { get; init; } = [];

    /// <summary>What the Datadog agent says to it; "" when it says nothing.</summary>
    public string Original { get; init; } = "";

    /// <summary>The whole message, of several lines.</summary>
    public override string ToString()
    {
        var sentence = Original.Length == 0 ? Sentence : $"{Sentence} The Datadog agent says: {Original.ReplaceLineEndings(" ")}";
        return Draw(string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: {sentence}"), Written, Line, Column, Width, Corrected);
    }

    /// <summary>A message with the line that it is about, a mark below the place, and the lines to write.</summary>
    /// <param name="line">Null or "" for none.</param>
    public static string Draw(string message, string? line, int lineNumber, int column, int width, IReadOnlyList<string> corrected)
    {
        var text = new StringBuilder(message);
        if (!string.IsNullOrEmpty(line))
        {
            var number = lineNumber.ToString(CultureInfo.InvariantCulture);
            var margin = new string(' ', number.Length);
            var shown = line.Replace('\t', '→');
            text.Append(CultureInfo.InvariantCulture, $"\n  {number} | {shown}\n  {margin} | {new string(' ', Math.Max(0, column - 1))}{new string('^', Math.Clamp(width, 1, Math.Max(1, shown.Length - column + 1)))}");
        }
        if (corrected.Count > 0) text.Append("\n  write:");
        foreach (var right in corrected) text.Append("\n    ").Append(right);
        return text.ToString();
    }
}
