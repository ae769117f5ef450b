using Apm.Core.Monitors;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Search;

/// <summary>What is looked through when monitors are searched (metrics-monitors §4.12): a monitor with what is known of it now.</summary>
public sealed record MonitorCard
{
    public required MonitorRule Rule { get; init; }

    /// <summary>The worst state of its groups, as the API spells it.</summary>
    public required string Status { get; init; }
    public required bool IsMuted { get; init; }

    /// <summary><c>metric</c>, <c>service check</c>, <c>event</c>, <c>trace-analytics</c>, <c>composite</c>.</summary>
    public required string Classification { get; init; }

    /// <summary>Metrics or checks that the query names.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }

    /// <summary>Scopes as they are written; <c>*</c> for everything.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Whom the message mentions, without the @.</summary>
    public required IReadOnlyList<string> Handles { get; init; }

    /// <summary>Names of its groups.</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>When a group last went to a worse state; null for never.</summary>
    public required long? LastTriggeredUnixSeconds { get; init; }

    public static MonitorCard Of(MonitorSnapshot monitor, MonitorQuery? query, bool isMuted) => new()
    {
        Rule = monitor.Rule,
        Status = RuleText.Worst(monitor.Groups.Select(group => group.State)).Word(),
        IsMuted = isMuted,
        Classification = MonitorTypes.Classification(monitor.Rule.Type),
        Metrics = query switch
        {
            MetricMonitorQuery metric => [.. metric.Query.MetricQueries.Select(one => one.Metric).Distinct(StringComparer.Ordinal)],
            ServiceCheckMonitorQuery check => [check.Check],
            _ => [],
        },
        Scopes = query switch
        {
            MetricMonitorQuery metric => [.. metric.Query.MetricQueries.Select(one => one.ScopeText).Distinct(StringComparer.Ordinal)],
            ServiceCheckMonitorQuery check => check.Over,
            SearchMonitorQuery search => [search.Search],
            _ => ["*"],
        },
        Handles = HandlesIn(monitor.Rule.Message),
        Groups = [.. monitor.Groups.Select(group => group.Group)],
        LastTriggeredUnixSeconds = monitor.Groups.Max(group => group.LastTriggeredUnixSeconds),
    };

    /// <summary>The same monitor with one of its groups in place of all.</summary>
    public MonitorCard With(GroupState group) => this with { Status = group.State.Word(), Groups = [group.Group], LastTriggeredUnixSeconds = group.LastTriggeredUnixSeconds };

    /// <summary>A mention begins the text or follows a space, and ends at a space; a sign at its end belongs to the sentence (§7.4).</summary>
    static List<string> HandlesIn(string message) =>
        [.. message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length > 1 && word[0] == '@').Select(word => word[1..].TrimEnd('.', ',', '!', '?', ';', ')')).Where(handle => handle.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];
}
