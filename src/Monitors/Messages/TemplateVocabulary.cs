using System.Text.RegularExpressions;
using Apm.Core.Monitors;
using Apm.Query.Text;

namespace Apm.Monitors.Messages;

/// <summary>The words that mean something in the message of a monitor: variables and blocks (metrics-monitors §7.2, §7.3).</summary>
public sealed partial class TemplateVocabulary
{
    /// <summary>Blocks that hold on transitions, without arguments.</summary>
    public static IReadOnlyList<string> TransitionBlocks { get; } =
        ["is_alert", "is_warning", "is_no_data", "is_recovery", "is_alert_recovery", "is_warning_recovery", "is_no_data_recovery", "is_alert_to_warning", "is_unknown", "is_renotify"];

    /// <summary>Blocks that compare, with arguments.</summary>
    public static IReadOnlyList<string> ComparingBlocks { get; } = ["is_match", "is_exact_match", "is_priority"];

    static readonly string[] Always =
    [
        "value", "threshold", "warn_threshold", "ok_threshold", "comparator", "first_triggered_at", "last_triggered_at", "first_triggered_at_epoch", "last_triggered_at_epoch", "triggered_duration_sec",
    ];

    static readonly string[] OfHost = ["host.name", "host.ip", "host.metadata_agent_version", "host.metadata_machine", "host.metadata_platform", "host.metadata_processor"];

    readonly HashSet<string> _names;
    readonly bool _hasHost;
    readonly IReadOnlyList<string> _openPrefixes;

    TemplateVocabulary(IEnumerable<string> names, bool hasHost, IReadOnlyList<string> openPrefixes) => (_names, _hasHost, _openPrefixes) = ([.. names], hasHost, openPrefixes);

    /// <summary>The variables, for completion; those of a host's own tags besides.</summary>
    public IReadOnlyList<string> Names => [.. _names.Order(StringComparer.Ordinal)];

    /// <summary>What the messages of a monitor may use.</summary>
    public static TemplateVocabulary Of(MonitorRule rule)
    {
        var keys = GroupKeys(rule.Query);
        var names = Always.Concat(keys.Select(key => key + ".name"));
        if (rule.Type == "service check") names = names.Append("check_message");
        var hasHost = keys.Contains("host");
        if (hasHost) names = names.Concat(OfHost);
        if (rule.Type == "composite") names = names.Concat("abcdefghij".SelectMany(letter => new[] { $"{letter}.value", $"{letter}.status", $"{letter}.name" }));
        IReadOnlyList<string> open = rule.Type switch { "log alert" => ["log."], "trace-analytics alert" => ["span."], "event-v2 alert" or "event alert" => ["event."], "slo alert" => ["slo."], _ => [] };
        return new TemplateVocabulary(names, hasHost, open);
    }

    /// <summary>The tag keys that a monitor's query groups by, in their order.</summary>
    public static IReadOnlyList<string> GroupKeys(string query) =>
        [.. By().Matches(query).SelectMany(by => (by.Groups["braces"].Success ? by.Groups["braces"] : by.Groups["call"]).Value.Split(',')).Select(key => key.Trim().Trim('"', '\'')).Where(key => key.Length > 0 && key != "*").Distinct()];

    /// <summary>Whether a variable of that name has a value in some message of the monitor.</summary>
    public bool Knows(string name) =>
        _names.Contains(name) || (_hasHost && name.StartsWith("host.", StringComparison.Ordinal)) || _openPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The sentence about a variable that there is not.</summary>
    public string Unknown(string name)
    {
        var near = NearestWord.Find(name, _names);
        var hint = near is not null ? $" Did you mean {{{{{near}}}}}?"
            : name.EndsWith(".name", StringComparison.Ordinal) ? $" The query would have to group by {{{name[..^5]}}}."
            : name.StartsWith("host.", StringComparison.Ordinal) ? " The query would have to group by {host}."
            : $" There are: {string.Join(", ", Names)}.";
        return $"There is no variable {{{{{name}}}}} here; nothing is put in its place.{hint}";
    }

    [GeneratedRegex(@"\bby\s*\{(?<braces>[^}]*)\}|\.by\((?<call>[^)]*)\)")]
    private static partial Regex By();
}
