using Apm.Cli.Host;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>One thing that can be set: under which names, to what, and what it changes.</summary>
/// <param name="Name">Our own name, with dots: <c>memory.max_bytes</c>.</param>
/// <param name="Kind">What its value may be.</param>
/// <param name="Get">Its value in force; null when it has none.</param>
/// <param name="Set">The settings with another value. An <see cref="ArgumentException"/> says in a sentence why it cannot be used.</param>
/// <param name="Effect">One line: what it is, and what a user sees when it bites.</param>
public sealed record Setting(string Name, SettingKind Kind, Func<HostSettings, object?> Get, Func<HostSettings, object, HostSettings> Set, string Effect)
{
    /// <summary>Names of the same thing in a <c>datadog.yaml</c>; the first that is given counts.</summary>
    public IReadOnlyList<string> DatadogNames { get; init; } = [];

    /// <summary>Variables beside the one that <see cref="Name"/> gives, the strongest first.</summary>
    public IReadOnlyList<string> OtherVariables { get; init; } = [];

    /// <summary>The properties it fills, as docs/limits.md names them.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>Never printed.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Reads a value that is more than a text or a list of texts; null when text is enough.</summary>
    public Func<SettingsNode, object?>? ReadNode { get; init; }

    /// <summary>Says what a value does not do although it was taken; null when all is well.</summary>
    public Func<object, string?>? Warn { get; init; }

    /// <summary>Says of a value that was taken what is wrong with how it is written; null when nothing is.</summary>
    public Func<object, SettingComplaint?>? Complain { get; init; }

    /// <summary>All variables: ours first, then Datadog's.</summary>
    public IEnumerable<string> Variables => OtherVariables.Where(IsOurs).Append(OwnVariable).Concat(OtherVariables.Where(name => !IsOurs(name))).Distinct();

    /// <summary>All names in a file: ours first.</summary>
    public IEnumerable<string> Names => DatadogNames.Prepend(Name).Distinct();

    /// <summary>The value in force, as it would be written; secrets masked.</summary>
    public string Print(HostSettings settings) => Get(settings) is not { } value ? "—" : IsSecret ? Mask((string)value) : Kind.Print(value);

    /// <summary>A value that is right, to write in place of a wrong one: the default when it can be written in one line.</summary>
    public string Example => !Kind.IsList && ReadNode is null && !IsSecret && Get(HostSettings.Default) is { } value && Kind.Print(value) is { Length: > 0 } text ? text : Kind.Example;

    /// <summary>Enough of a secret to know which it is.</summary>
    public static string Mask(string secret) => secret.Length > 8 ? $"…{secret[^4..]}" : secret.Length == 0 ? "" : "…";

    internal static bool IsOurs(string variable) => variable.StartsWith("APM_", StringComparison.Ordinal);

    string OwnVariable => "APM_" + Name.Replace('.', '_').Replace('-', '_').ToUpperInvariant();
}

/// <summary>What is wrong with how a value is written although it was understood.</summary>
/// <param name="Culprit">What stands there.</param>
/// <param name="Corrected">The lines to write.</param>
/// <param name="Original">What the Datadog agent says of it; "" when it takes it.</param>
public sealed record SettingComplaint(SettingsNode Culprit, string Sentence, IReadOnlyList<string> Corrected, string Original);
