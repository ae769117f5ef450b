using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Language;
using Apm.Query.Metrics;

namespace Apm.Query.Evaluate;

/// <summary>
/// Whether a series is in a scope: through its own tags, its host among them, and the tags of that host. What is typed holds as it is and
/// as tags are normalised; a tag that is kept as it is shown (a resource of a trace) also as Datadog writes it.
/// </summary>
sealed class ScopeTest
{
    readonly ScopeNode? _scope;
    readonly IHostTags _hosts;
    readonly Dictionary<ScopeNode, TagTest[]> _tests = [];

    public ScopeTest(ScopeNode? scope, IHostTags hosts)
    {
        _scope = scope;
        _hosts = hosts;
        if (scope is not null) Prepare(scope);
    }

    public bool Accepts(MetricTags tags) => _scope is null || Holds(_scope, tags, HostTagsOf(tags, _hosts));

    /// <summary>The tags of the hosts that a series comes from.</summary>
    public static IReadOnlyList<string> HostTagsOf(MetricTags tags, IHostTags hosts)
    {
        IReadOnlyList<string> all = [];
        foreach (var tag in tags)
        {
            if (!tag.StartsWith("host:", StringComparison.Ordinal)) continue;
            var found = hosts.TagsOf(tag[5..]);
            all = all.Count == 0 ? found : [.. all, .. found];
        }
        return all;
    }

    void Prepare(ScopeNode node)
    {
        if (node is ScopeTag tag) _tests.Add(node, [new TagTest(tag.Key, tag.Value)]);
        if (node is ScopeIn one) _tests.Add(node, [.. one.Values.Select(value => new TagTest(one.Key, value))]);
        foreach (var child in node.Children) Prepare(child);
    }

    bool Holds(ScopeNode node, MetricTags tags, IReadOnlyList<string> hostTags)
    {
        switch (node)
        {
            case ScopeAnd:
                foreach (var child in node.Children) if (!Holds(child, tags, hostTags)) return false;
                return true;
            case ScopeOr:
                foreach (var child in node.Children) if (Holds(child, tags, hostTags)) return true;
                return false;
            case ScopeNot not:
                return !Holds(not.Inner, tags, hostTags);
            case ScopeIn one:
                return Any(_tests[node], tags, hostTags) != one.IsNegated;
            case ScopeTag:
                return Any(_tests[node], tags, hostTags);
            default:
                return true; // A variable that nobody resolved.
        }
    }

    static bool Any(TagTest[] tests, MetricTags tags, IReadOnlyList<string> hostTags)
    {
        foreach (var test in tests)
        {
            for (var i = 0; i < tags.Count; i++) if (test.Matches(tags[i])) return true;
            for (var i = 0; i < hostTags.Count; i++) if (test.Matches(hostTags[i])) return true;
        }
        return false;
    }

    /// <summary>One tag or pattern, prepared for many series.</summary>
    sealed class TagTest
    {
        readonly string _key;
        readonly ScopeValue? _typed;
        readonly ScopeValue? _normal;

        public TagTest(string key, ScopeValue? value)
        {
            _key = MetricNames.Tag(key) ?? key;
            _typed = value;
            if (value is not { } typed) return;
            var text = typed.Text.Trim('*');
            if (text.Length == 0) return;
            var normal = MetricNames.Tag($"{_key}:{text}x")?[(_key.Length + 1)..^1] ?? text; // The x keeps what a tag loses at its end.
            _normal = new ScopeValue((typed.Text[0] == '*' ? "*" : "") + normal + (typed.Text[^1] == '*' ? "*" : ""));
        }

        public bool Matches(string tag)
        {
            if (!tag.StartsWith(_key, StringComparison.Ordinal)) return false;
            if (tag.Length == _key.Length) return _typed is null or { IsAnything: true };
            if (_typed is not { } typed || tag[_key.Length] != ':') return false;
            if (typed.IsAnything) return true;
            var value = tag[(_key.Length + 1)..];
            return typed.Matches(value) || (_normal is { } normal && normal.Matches(value)) || (IsAsShown(value) && typed.Matches(TraceTags.Normalised(value)));
        }

        static bool IsAsShown(string value)
        {
            foreach (var c in value) if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or ':' or '.' or '/')) return true;
            return false;
        }
    }
}
