using Apm.Core.Diagnosis;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>Something in a settings file or variable that is not as it should be: where, what, and what to write instead.</summary>
/// <param name="Where"><c>apm.yaml:3:5</c>, or the variable.</param>
/// <param name="Sentence">What is wrong, and what happens now.</param>
public sealed record SettingsIssue(string Where, string Sentence)
{
    /// <summary>It keeps Apm from starting; else the value is passed over.</summary>
    public bool IsError { get; init; }

    /// <summary>What kind of fault it is, for the doctor.</summary>
    public ConfigFaultKind Kind { get; init; } = ConfigFaultKind.Other;

    /// <summary>Of a misplaced key, its name and the group it belongs into; else "".</summary>
    public string Key { get; init; } = "";

    /// <inheritdoc cref="Key"/>
    public string Group { get; init; } = "";

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

    /// <summary>The same for the screens.</summary>
    /// <param name="file">The file that it stands in.</param>
    public ConfigComplaint ToComplaint(string file) => new(file, LineNumber, Column, Sentence) { IsError = IsError, Written = Line ?? "", Width = Width, Corrected = Correction, Kind = Kind, Key = Key, Group = Group };

    /// <summary>The whole message, of several lines.</summary>
    public override string ToString() => ConfigComplaint.Draw($"{Where}: {Sentence}", Line, LineNumber, Column, Width, Correction);
}
