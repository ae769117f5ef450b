using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Slos;

/// <summary>The groups of monitors that objectives name: which may be named, and that their times are noted.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="uptime">Where their times are noted.</param>
/// <param name="groups">Knows which there are.</param>
public sealed class SloGroups(UptimeBook uptime, IMonitorGroups groups)
{
    /// <summary>Most groups of one objective; default 20, Datadog's figure. More are refused.</summary>
    public const int MaxGroups = 20;

    /// <summary>Most characters of a group's name; default 1000. A longer one is refused.</summary>
    public const int MaxGroupChars = 1_000;

    /// <summary>Of the groups that there are so many are named when another was asked for.</summary>
    const int NamedGroups = 5;

    /// <summary>The groups of an objective as its monitor names them.</summary>
    /// <param name="known">The one monitor; null when the objective is made of several.</param>
    /// <param name="before">The objective that is changed: what it named may stay, also when it is gone. Null for a new one.</param>
    /// <exception cref="SloException">They cannot be counted; the message says why.</exception>
    public IReadOnlyList<string> Checked(Slo slo, KnownRule? known, Slo? before)
    {
        if (slo.Groups.Count == 0) return [];
        if (known is null) throw Wrong($"The parameter 'groups' goes with one monitor; 'monitor_ids' names {slo.MonitorIds.Count}. Name one monitor that is grouped by tags, or send \"groups\":[] to count all groups of all of them.");
        if (slo.Groups.Count > MaxGroups) throw Wrong($"The parameter 'groups' has {slo.Groups.Count} groups; at most {MaxGroups} are counted one by one.");
        if (slo.Groups.Any(group => group.All(sign => sign == ',' || char.IsWhiteSpace(sign)))) throw Wrong("A group of the parameter 'groups' is empty. Write its tags, such as \"host:a\", or send \"groups\":[] to count all groups.");
        if (slo.Groups.FirstOrDefault(group => group.Length > MaxGroupChars) is { } tooLong) throw Wrong($"A group of the parameter 'groups' has {tooLong.Length} characters; at most {MaxGroupChars} are kept: \"{tooLong[..40]}…\".");
        var id = known.Rule.Id;
        var kept = before?.MonitorIds is [var only] && only == id ? before.Groups : [];
        var there = groups.Of(id);
        // Of a composite the rule says what its parts were like when it was written.
        var isGrouped = known.Rule.IsMulti || known.Query is CompositeMonitorQuery && there.Count > 0;
        if (!isGrouped && slo.Groups.Any(group => !kept.Contains(group.Trim()))) throw Wrong($"Monitor {Text(id)}, {known.Rule.Name}, is not grouped by tags, so it has none of the groups that the parameter 'groups' names. Name a monitor {(known.Query is CompositeMonitorQuery ? "that is made of grouped ones" : "whose query has \"by {…}\"")}, or send \"groups\":[].");
        var keys = known.Query is CompositeMonitorQuery || known.Query?.GroupKeys.Contains("*") == true ? null : known.Query?.GroupKeys;
        return [.. slo.Groups.Select(group => Named(group.Trim(), id, keys, there, kept)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Notes the times of all groups that objectives name, and no longer those that none names.</summary>
    /// <remarks>A store that is away stops nothing: a past that is not on disk is with the next change, and what should go does so at the next call or start.</remarks>
    public void Follow(IEnumerable<Slo> all, IEnumerable<long> monitorIds)
    {
        var named = all.Where(slo => slo.Groups.Count > 0).GroupBy(slo => slo.MonitorIds[0]).ToDictionary(ofMonitor => ofMonitor.Key, ofMonitor => ofMonitor.SelectMany(slo => slo.Groups).ToHashSet(StringComparer.Ordinal));
        foreach (var id in monitorIds)
        {
            var wanted = named.GetValueOrDefault(id) ?? [];
            EvenWithoutStore(() => uptime.FollowOnly(id, wanted));
            foreach (var group in wanted.Except(uptime.FollowedOf(id))) EvenWithoutStore(() => uptime.Follow(id, group, groups.PastOf(id, group)));
        }
    }

    /// <summary>The same of all monitors, as at a start.</summary>
    public void FollowAll(IReadOnlyList<Slo> all) => Follow(all, all.SelectMany(slo => slo.MonitorIds).Union(uptime.MonitorIds()));

    static void EvenWithoutStore(Action change)
    {
        try
        {
            change();
        }
        catch (StoreUnavailableException)
        {
            // As the remarks of Follow say.
        }
    }

    /// <summary>A group by its own name: its tags in the monitor's order.</summary>
    static string Named(string group, long id, IReadOnlyList<string>? keys, IReadOnlyList<string> there, IReadOnlyList<string> kept)
    {
        if (there.Contains(group) || kept.Contains(group)) return group;
        var tags = group.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (keys is not null)
        {
            if (tags.Length != keys.Count || keys.Any(key => tags.All(tag => !tag.StartsWith(key + ":", StringComparison.Ordinal))))
                throw Wrong($"The group \"{group}\" does not say what monitor {Text(id)} is grouped by: {string.Join(", ", keys)}. Write it as \"{string.Join(",", keys.Select(key => key + ":…"))}\".");
            group = string.Join(',', keys.Select(key => tags.First(tag => tag.StartsWith(key + ":", StringComparison.Ordinal))));
        }
        // A monitor that was not evaluated yet has none; it will.
        if (there.Count == 0 || there.Contains(group) || kept.Contains(group)) return group;
        throw Wrong($"Monitor {Text(id)} has no group \"{group}\". It has: {string.Join("; ", there.Take(NamedGroups))}{(there.Count > NamedGroups ? $"; and {there.Count - NamedGroups} more" : "")}.");
    }

    static SloException Wrong(string sentence) => new(SloRefusal.Wrong, sentence);

    static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
