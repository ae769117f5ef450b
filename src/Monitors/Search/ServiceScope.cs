using System.Runtime.CompilerServices;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Search;

/// <summary>What a rule alone says of services and environments: those it names, and whether its groups name their own. Immutable; read once for each rule.</summary>
sealed class ServiceScope
{
    public const string ServicePrefix = "service:";
    const string EnvPrefix = "env:";

    static readonly ConditionalWeakTable<MonitorRule, ServiceScope> s_known = [];

    readonly bool _isMulti;

    /// <summary>Keys of its groups; empty also when only an evaluation tells them, as of a composite.</summary>
    readonly IReadOnlyList<string> _keys;
    readonly List<string> _envs;

    ServiceScope(MonitorRule rule)
    {
        _isMulti = rule.IsMulti;
        _keys = rule.IsMulti ? [.. TemplateVocabulary.GroupKeys(rule.Query).Select(key => key.TrimStart('@'))] : [];
        MayGroupByService = rule.IsMulti && (_keys.Count == 0 || _keys.Contains("service", StringComparer.OrdinalIgnoreCase));
        Services = [.. ValuesOf(ServicePrefix, rule).Select(ServiceMonitors.KeyOf).Distinct(StringComparer.Ordinal)];
        _envs = ValuesOf(EnvPrefix, rule);
    }

    public static ServiceScope Of(MonitorRule rule) => s_known.GetValue(rule, known => new ServiceScope(known));

    /// <summary>Those that its query fixes, else those that its own tags name, by <see cref="ServiceMonitors.KeyOf"/> their names. A group that names one is about that one instead.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>Whether a group may name a service of its own.</summary>
    public bool MayGroupByService { get; }

    /// <summary>Whether it, or a group of it, could be about a service: a group's tags are known only when it was evaluated.</summary>
    public bool MayWatch(string key) => MayGroupByService || Services.Contains(key);

    /// <summary>Whether a group is about an environment; one that names none is about all.</summary>
    /// <param name="env">Null for all.</param>
    public bool IsIn(IReadOnlyList<string> groupTags, string? env)
    {
        if (env is null) return true;
        var namesOne = false;
        for (var i = 0; i < groupTags.Count; i++)
        {
            if (!Names(groupTags[i], EnvPrefix)) continue;
            if (groupTags[i].AsSpan(EnvPrefix.Length).Equals(env, StringComparison.OrdinalIgnoreCase)) return true;
            namesOne = true;
        }
        return !namesOne && (_envs.Count == 0 || _envs.Contains(env, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Whether a group is about a service.</summary>
    public bool Watches(IReadOnlyList<string> groupTags, string key)
    {
        var namesOne = false;
        foreach (var tag in groupTags)
        {
            if (!NamesService(tag)) continue;
            if (ServiceMonitors.KeyOf(tag[ServicePrefix.Length..]) == key) return true;
            namesOne = true;
        }
        return !namesOne && Services.Contains(key);
    }

    /// <summary>The tags of a group by its name; null when no group of this rule has that name, as when its query was another one.</summary>
    /// <remarks>
    /// Values may have commas, and what looks like a tag, in them: a tag begins where one of the rule's own keys does. A name in which a key
    /// stands twice could be read in two ways, so it is not read.
    /// </remarks>
    public IReadOnlyList<string>? TagsOf(string group)
    {
        if (group is GroupState.Whole or "") return [];
        if (!_isMulti) return null;
        if (_keys.Count == 0) return group.Split(',');
        var tags = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in group.Split(','))
        {
            if (_keys.FirstOrDefault(key => part.StartsWith(key + ":", StringComparison.Ordinal)) is { } begun)
            {
                if (!seen.Add(begun)) return null;
                tags.Add(part);
            }
            else if (tags.Count > 0) tags[^1] += "," + part;
            else return null;
        }
        return tags;
    }

    public static bool NamesService(string tag) => Names(tag, ServicePrefix);

    static bool Names(string tag, string prefix) => tag.Length > prefix.Length && tag.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>What the query says counts before the monitor's tags, which may name several.</summary>
    static List<string> ValuesOf(string prefix, MonitorRule rule)
    {
        var values = Of(QueryTags.FixedBy(rule));
        return values.Count > 0 ? values : Of(rule.Tags);

        List<string> Of(IReadOnlyList<string> tags) => [.. tags.Where(tag => Names(tag, prefix)).Select(tag => tag[prefix.Length..]).Distinct(StringComparer.Ordinal)];
    }
}
