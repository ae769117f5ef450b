using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Apm.Core.Counting;

namespace Apm.Core.Endpoints;

/// <summary>What is known of the paths of one service.</summary>
/// <remarks>Thread-safe: names known already are read without a lock.</remarks>
public sealed class ServiceEndpoints
{
    readonly Lock _lock = new();
    readonly string _service;
    readonly EndpointTree _tree = new();
    readonly Dictionary<string, Listed> _listed = new(StringComparer.Ordinal);
    readonly Dictionary<string, TemplateDecision> _decisions = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _given = new(StringComparer.Ordinal); // what was given out → what it would be called now
    Dictionary<string, string> _foldedLater = []; // of these, those that changed; replaced as a whole
    ConcurrentDictionary<byte[], Known> _memo = new(Utf8Comparer.Instance);
    bool _isChanged;
    bool _hasNews;

    /// <summary>The template of a name, and the places to count further visits at.</summary>
    sealed record Known(byte[]? Template, PathNode[] Nodes);

    sealed record Listed(IReadOnlyList<PathRule> Rules, List<string> Examples, DistinctCount RawNames);

    internal ServiceEndpoints(EndpointDocument document, bool isKept = true)
    {
        IsKept = isKept;
        _service = document.Service;
        foreach (var place in document.Folds) _tree.Restore(place);
        foreach (var kept in document.Templates) _listed[kept.Name] = new Listed(kept.Rules, [.. kept.Examples], new DistinctCount(Convert.FromBase64String(kept.Registers)));
        foreach (var decision in document.Overrides) _decisions[decision.Path] = decision.Decision;
        foreach (var name in document.Templates) _tree.Restore(name.Name);
        foreach (var name in document.FoldedLater) _given[name] = name;
        ApplyDecisions();
    }

    /// <summary>Names given out before a place of theirs was folded, with the template that they fall under now. A snapshot.</summary>
    public IReadOnlyDictionary<string, string> FoldedLater => Volatile.Read(ref _foldedLater);

    /// <summary>Stays in memory; else it is for one batch, because there are too many services.</summary>
    internal bool IsKept { get; }

    internal int NodeCount => _tree.NodeCount;

    /// <summary>Grows whenever names given out before may be given differently now.</summary>
    public int Version => _tree.Version;

    /// <summary>Looks a name up that was asked for before, and counts the visit.</summary>
    internal bool TryKnown(ReadOnlySpan<byte> raw, out byte[]? template)
    {
        template = null;
        if (!_memo.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(raw, out var known)) return false;
        foreach (var node in known.Nodes) node.Visits++; // Without the lock: a lost count does not matter.
        template = known.Template;
        return true;
    }

    internal byte[]? Learn(ReadOnlySpan<byte> raw, int maxNodes, ref int nodeCount, Counters counters)
    {
        var text = Encoding.UTF8.GetString(raw);
        var parsed = RawName.Parse(text);
        lock (_lock)
        {
            var (version, nodes) = (_tree.Version, _tree.NodeCount);
            if (IsKept) _tree.SpareNodes = maxNodes - Volatile.Read(ref nodeCount);
            var named = _tree.Resolve(parsed, learn: true);
            if (IsKept) Interlocked.Add(ref nodeCount, _tree.NodeCount - nodes);
            if (_tree.Version != version)
            {
                Forget();
                NameGivenAnew();
                _isChanged = true;
            }
            if (IsKept) Give(named.Name, counters);
            if (named.Rules.Count > 0) Note(named, text, counters);
            var template = named.Name == text ? null : Encoding.UTF8.GetBytes(named.Name);
            _memo[raw.ToArray()] = new Known(template, named.Nodes);
            return template;
        }
    }

    internal void Forget() => Volatile.Write(ref _memo, new ConcurrentDictionary<byte[], Known>(Utf8Comparer.Instance));

    internal IReadOnlyList<EndpointTemplate> Templates()
    {
        lock (_lock) return [.. _listed.Select(pair => Shown(pair.Key, pair.Value)).OrderByDescending(template => template.RawNameCount).ThenBy(template => template.Name, StringComparer.Ordinal)];
    }

    internal EndpointTemplate? Template(string name)
    {
        lock (_lock) return _listed.TryGetValue(name, out var listed) ? Shown(name, listed) : null;
    }

    internal IReadOnlyList<TemplateOverride> Overrides()
    {
        lock (_lock) return [.. _decisions.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new TemplateOverride(pair.Key, pair.Value))];
    }

    internal void Decide(TemplateOverride decision)
    {
        lock (_lock)
        {
            if (decision.Decision == TemplateDecision.Default) _decisions.Remove(decision.Path);
            else
            {
                if (_decisions.Count >= TemplateLimits.MaxOverridesPerService && !_decisions.ContainsKey(decision.Path))
                    throw new TemplateOverrideException($"{_service} has {TemplateLimits.MaxOverridesPerService} decisions about its endpoints already, which is the limit. Take some back first.");
                _decisions[decision.Path] = decision.Decision;
            }
            ApplyDecisions();
            Forget();
            _isChanged = true;
        }
    }

    internal void MarkChanged()
    {
        lock (_lock) _isChanged = true;
    }

    /// <summary>The document to write; null when nothing changed since the last call.</summary>
    /// <param name="includingNews">Also when only counts and examples changed.</param>
    internal EndpointDocument? TakeChanged(bool includingNews)
    {
        lock (_lock)
        {
            if (!_isChanged && !(includingNews && _hasNews)) return null;
            _isChanged = _hasNews = false;
            return new EndpointDocument
            {
                Service = _service,
                Folds = [.. _tree.Folds()],
                Templates = [.. _listed.Select(pair => new KeptTemplate(pair.Key, pair.Value.Rules, [.. pair.Value.Examples], Convert.ToBase64String(pair.Value.RawNames.ToBytes())))],
                Overrides = Overrides(),
                FoldedLater = [.. _foldedLater.Keys],
            };
        }
    }

    void ApplyDecisions()
    {
        _tree.Override(
            _decisions.Where(pair => pair.Value == TemplateDecision.KeepApart).Select(pair => pair.Key),
            _decisions.Where(pair => pair.Value == TemplateDecision.Fold).Select(pair => pair.Key));
        NameGivenAnew();
    }

    void Give(string name, Counters counters)
    {
        if (_given.ContainsKey(name)) return;
        if (_given.Count < TemplateLimits.MaxGivenPerService) _given.Add(name, name);
        else counters.Add("endpoint_names_over_limit", service: _service);
    }

    void NameGivenAnew()
    {
        foreach (var name in _given.Keys.ToList()) _given[name] = _tree.NameNow(name);
        Volatile.Write(ref _foldedLater, _given.Where(pair => pair.Key != pair.Value).ToDictionary(StringComparer.Ordinal));
    }

    EndpointTemplate Shown(string name, Listed listed) => new(_service, name, listed.Rules, listed.RawNames.Count, [.. listed.Examples]);

    void Note(NamedPath named, string raw, Counters counters)
    {
        if (!_listed.TryGetValue(named.Name, out var listed))
        {
            if (_listed.Count >= TemplateLimits.MaxListedPerService)
            {
                counters.Add("endpoint_templates_over_limit", service: _service);
                return;
            }
            _listed.Add(named.Name, listed = new Listed(named.Rules, [], new DistinctCount()));
        }
        listed.RawNames.Add(raw);
        var example = raw.Length > TemplateLimits.MaxExampleChars ? raw[..TemplateLimits.MaxExampleChars] : raw;
        if (listed.Examples.Count < TemplateLimits.MaxExamples && !listed.Examples.Contains(example)) listed.Examples.Add(example);
        _hasNews = true;
    }

    /// <summary>Byte strings by their content, found by a span.</summary>
    sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static Utf8Comparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
