using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Hosts;
using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>What the variables of a message stand for in one transition (metrics-monitors §7.2).</summary>
public sealed partial class MessageValues
{
    readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    readonly Dictionary<string, double> _numbers = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> _times = new(StringComparer.Ordinal);

    /// <param name="findHost">What is known of a host of that name; null for nothing.</param>
    public MessageValues(AlertTransition transition, Func<string, HostInfo?> findHost)
    {
        Transition = transition;
        var thresholds = transition.Rule.Options.Thresholds;
        Enter("value", transition.To == MonitorState.NoData ? null : transition.Value);
        Enter("threshold", thresholds.Critical ?? transition.Threshold);
        Enter("warn_threshold", thresholds.Warning);
        Enter("ok_threshold", thresholds.Ok);
        _texts["comparator"] = Comparator(transition.Rule.Query);
        EnterTime("first_triggered_at", transition.FirstTriggeredUnixSeconds);
        EnterTime("last_triggered_at", transition.LastTriggeredUnixSeconds);
        if (transition.FirstTriggeredUnixSeconds is { } first) Enter("triggered_duration_sec", Math.Max(0, transition.AtUnixSeconds - first), isWhole: true);
        _texts["check_message"] = transition.CheckMessage;
        foreach (var (letter, part) in transition.Parts)
        {
            Enter($"{letter}.value", part.Value);
            _texts[$"{letter}.status"] = AlertWords.StateOf(part.State);
            _texts[$"{letter}.name"] = part.Name;
        }
        foreach (var (name, value) in transition.Sample) _texts[name] = value;
        EnterGroup(transition.GroupTags);
        if (HostOf(transition) is { } host) EnterHost(host, findHost(host));
    }

    public AlertTransition Transition { get; }

    /// <summary>The text of a variable; "" when it has none.</summary>
    public string Text(string name) => _texts.GetValueOrDefault(name, "");

    /// <summary>The number of a variable; null when it has none.</summary>
    public double? Number(string name) =>
        _numbers.TryGetValue(name, out var number) ? number : double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var read) ? read : null;

    /// <summary>The time of a variable, Unix seconds; null when it has none.</summary>
    public long? Time(string name) => _times.TryGetValue(name, out var time) ? time : null;

    /// <summary>The host that a group names; null when it names none.</summary>
    public static string? HostOf(AlertTransition transition) => transition.GroupTags.FirstOrDefault(tag => tag.StartsWith("host:", StringComparison.Ordinal))?[5..];

    /// <summary>The sign between a query and its threshold; "" when there is none.</summary>
    public static string Comparator(string query) => LastComparison().Match(query) is { Success: true } sign ? sign.Groups[1].Value : "";

    void Enter(string name, double? value, bool isWhole = false)
    {
        if (value is not { } number) return;
        _numbers[name] = number;
        _texts[name] = isWhole ? ValueText.Whole((long)number) : ValueText.Of(number);
    }

    void EnterTime(string name, long? unixSeconds)
    {
        if (unixSeconds is not { } time) return;
        _times[name] = time;
        _texts[name] = ValueText.Time(time);
        Enter(name + "_epoch", time * 1000.0, isWhole: true);
    }

    void EnterGroup(IReadOnlyList<string> tags)
    {
        foreach (var group in tags.Where(tag => tag.Contains(':', StringComparison.Ordinal)).GroupBy(tag => tag[..tag.IndexOf(':', StringComparison.Ordinal)]))
            _texts[group.Key + ".name"] = string.Join(",", group.Select(tag => tag[(group.Key.Length + 1)..]));
    }

    void EnterHost(string name, HostInfo? host)
    {
        _texts["host.name"] = name;
        if (host is null) return;
        foreach (var group in host.TagsBySource.SelectMany(source => source.Value).Distinct().Where(tag => tag.Contains(':', StringComparison.Ordinal)).GroupBy(tag => tag[..tag.IndexOf(':', StringComparison.Ordinal)]))
            _texts.TryAdd("host." + group.Key, string.Join(",", group.Select(tag => tag[(group.Key.Length + 1)..])));
        _texts["host.metadata_agent_version"] = host.Facts.AgentVersion;
        _texts["host.metadata_machine"] = host.Facts.Machine;
        _texts["host.metadata_platform"] = host.Facts.Platform;
        _texts["host.metadata_processor"] = host.Facts.Processor;
        _texts["host.ip"] = AddressIn(host.Facts.Gohai);
    }

    /// <summary>The agent's description of a machine has its address; "" when it has not.</summary>
    static string AddressIn(string gohai)
    {
        try
        {
            if (gohai.Length == 0) return "";
            using var json = JsonDocument.Parse(gohai);
            return json.RootElement.TryGetProperty("network", out var network) && network.TryGetProperty("ipaddress", out var address) ? address.GetString() ?? "" : "";
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return ""; // It is the agent's, and may have any shape.
        }
    }

    [GeneratedRegex(@"(>=|<=|==|!=|>|<)\s*-?[0-9.eE+-]+\s*$")]
    private static partial Regex LastComparison();
}
