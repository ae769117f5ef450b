using System.Text;

namespace Apm.Core.Endpoints;

/// <summary>
/// The paths of one service as a tree of their segments. A segment that looks like a value becomes a placeholder at once
/// (<see cref="SegmentShapes"/>), others when there are too many of them at their place (<see cref="FoldRule"/>).
/// </summary>
/// <remarks>Not thread-safe; its owner has the lock.</remarks>
sealed class EndpointTree
{
    const string Rest = "{rest}";
    const string Host = "{host}";

    readonly PathNode _paths = new("", 0);
    readonly PathNode _hosts = new("/", 0);
    readonly HashSet<string> _keptApart = new(StringComparer.Ordinal);
    readonly HashSet<string> _foldedByHand = new(StringComparer.Ordinal);

    /// <summary>Grows whenever names given out before may be given differently now.</summary>
    public int Version { get; private set; }

    public int NodeCount { get; private set; } = 2;

    /// <summary>Nodes that may still be made; the owner sets it, the tree counts down.</summary>
    public int SpareNodes { get; set; } = TemplateLimits.MaxNodesPerService;

    /// <summary>The places that are folded, with what stays beside the placeholder.</summary>
    public IEnumerable<FoldedPlace> Folds() => AllOf(_paths).Concat(AllOf(_hosts)).Where(node => node.IsFolded)
        .Select(node => new FoldedPlace(node.Path, node.FoldedFrom, [.. node.Children.Keys.Where(key => !PathNode.IsPlaceholder(key) || key == node.NameOf(PathNode.Value)).Order(StringComparer.Ordinal)]));

    /// <summary>Folds a place again as it was before a restart.</summary>
    public void Restore(FoldedPlace place)
    {
        var isHost = place.Path.StartsWith('/') && (place.Path.Length == 1 || place.Path[1] == '/');
        var node = isHost ? _hosts : _paths;
        foreach (var segment in place.Path[(isHost ? Math.Min(2, place.Path.Length) : 0)..].Split('/', StringSplitOptions.RemoveEmptyEntries)) node = ChildOf(node, segment) ?? node;
        if (node.Path != place.Path) return; // No room: it will be learnt again.
        node.IsFolded = true;
        node.FoldedFrom = place.FoldedFrom;
        foreach (var segment in place.Kept) ChildOf(node, segment);
        Version++;
    }

    /// <summary>Takes over what people decided. Paths end in the segment or placeholder that they speak of.</summary>
    public void Override(IEnumerable<string> keptApart, IEnumerable<string> folded)
    {
        _keptApart.Clear();
        _keptApart.UnionWith(keptApart);
        _foldedByHand.Clear();
        _foldedByHand.UnionWith(folded);
        Version++;
    }

    /// <summary>Enters a name given out before a restart, so that its placeholders keep their names.</summary>
    public void Restore(string name) => Walk(RawName.Parse(name), learn: true);

    /// <summary>
    /// What a name that was given out would be called now: the same, or with placeholders where a place of it was folded since. Learns
    /// nothing, and leaves alone what it does not know.
    /// </summary>
    public string NameNow(string given)
    {
        var raw = RawName.Parse(given);
        var name = new StringBuilder(raw.Method).Append(raw.Scheme);
        var node = raw.Host.Length > 0 ? Now(_hosts, raw.Host, Host, name) : _paths;
        foreach (var segment in raw.Path.Split('/').Skip(1))
        {
            name.Append('/');
            if (segment.Length == 0) continue;
            if (node is null) name.Append(segment);
            else node = Now(node, segment, node.NameOf(PathNode.Value), name);
        }
        return name.ToString();
    }

    PathNode? Now(PathNode node, string segment, string placeholder, StringBuilder name)
    {
        var isValue = !PathNode.IsPlaceholder(segment) && IsFolded(node) && !IsKeptApart(node, segment) && !IsKeptApart(node, placeholder)
            && (IsFoldedByHand(node) || !node.Children.ContainsKey(segment)) && !IsNewWord(node, segment);
        var text = isValue ? placeholder : segment;
        name.Append(text);
        return node.Children.GetValueOrDefault(text);
    }

    /// <summary>The template of a name.</summary>
    /// <param name="raw">As it came.</param>
    /// <param name="learn">Enter what is new, and count the visit.</param>
    public NamedPath Resolve(RawName raw, bool learn)
    {
        var before = Version;
        var named = Walk(raw, learn);
        return Version == before ? named : Walk(raw, learn: false); // A place on its way was folded by it.
    }

    NamedPath Walk(RawName raw, bool learn)
    {
        var name = new StringBuilder(raw.Method).Append(raw.Scheme);
        var rules = new List<PathRule>();
        var nodes = new List<PathNode>();
        var node = _paths;
        if (raw.Host.Length > 0)
        {
            node = Step(_hosts, raw.Host, learn, isHost: true, rules, nodes, out var host) ?? _hosts;
            name.Append(host);
        }
        var segments = raw.Path.Split('/');
        var isKnown = true;
        for (var i = 1; i < segments.Length; i++)
        {
            name.Append('/');
            var segment = segments[i];
            var parameters = segment.IndexOf(';', StringComparison.Ordinal);
            if (parameters >= 0) segment = segment[..parameters];
            if (segment.Length == 0) continue;
            if (i > TemplateLimits.MaxSegments)
            {
                name.Append(Rest);
                rules.Add(new PathRule($"{node.Path}/{Rest}", $"{Rest}: paths are named to their {TemplateLimits.MaxSegments}th segment"));
                break;
            }
            if (isKnown && Step(node, segment, learn, isHost: false, rules, nodes, out var text) is { } next)
            {
                node = next;
                name.Append(text);
                continue;
            }
            // Beyond what can be learnt only the look decides; a word there is taken for a value.
            isKnown = false;
            var shape = SegmentShapes.Of(segment) ?? (SegmentShapes.IsPlaceholder(segment) || CommonWords.Contain(segment) ? segment : PathNode.Value);
            name.Append(shape);
            if (shape != segment) rules.Add(new PathRule($"{node.Path}/{shape}", $"{shape}: too many different paths to learn them one by one"));
        }
        return new NamedPath(name.ToString(), nodes.ToArray(), rules);
    }

    /// <summary>One segment on; null when there is no room to learn it.</summary>
    PathNode? Step(PathNode node, string segment, bool learn, bool isHost, List<PathRule> rules, List<PathNode> nodes, out string text)
    {
        if (!isHost) segment = node.NameOf(segment);
        text = segment;
        var shape = isHost ? null : SegmentShapes.Of(segment);
        PathNode? next;
        if (shape is PathNode.Value || segment is PathNode.Value) node.HasValuesByLook = true;
        if (shape is not null)
        {
            var called = node.NameOf(shape);
            next = ChildOf(node, called);
            if (next is null) return null;
            if (IsKeptApart(node, called)) return next;
            text = called;
            rules.Add(new PathRule(next.Path, $"{called}: {SegmentShapes.Explain(shape)}"));
        }
        else if (node.Children.TryGetValue(segment, out next) && !(_foldedByHand.Count > 0 && IsFoldedByHand(node) && !IsKeptApart(node, segment)))
        {
        }
        else if (IsFolded(node) && !IsKeptApart(node, segment) && !IsNewWord(node, segment))
        {
            var placeholder = isHost ? Host : node.NameOf(PathNode.Value);
            next = ChildOf(node, placeholder);
            if (next is null) return null;
            if (IsKeptApart(node, placeholder)) return next;
            text = placeholder;
            rules.Add(new PathRule(next.Path, IsFoldedByHand(node)
                ? $"{placeholder}: somebody decided so"
                : $"{placeholder}: {node.FoldedFrom} different values and more at this place, most of them seen only a few times"));
        }
        else
        {
            next = learn ? ChildOf(node, segment) : null;
            if (next is null) return null;
            if (learn && FoldRule.Applies(node) && !IsKeptApart(node, node.NameOf(PathNode.Value))) Fold(node, isHost ? Host : node.NameOf(PathNode.Value));
        }
        if (learn) next!.Visits++;
        nodes.Add(next!);
        return next;
    }

    bool IsFolded(PathNode node) => node.IsFolded || (_foldedByHand.Count > 0 && IsFoldedByHand(node));

    bool IsFoldedByHand(PathNode node) => _foldedByHand.Contains($"{node.Path}/{PathNode.Value}");

    bool IsKeptApart(PathNode node, string segment) => _keptApart.Count > 0 && _keptApart.Contains($"{node.Path}/{segment}");

    bool IsNewWord(PathNode node, string segment) =>
        !IsFoldedByHand(node) && node.Children.Count < TemplateLimits.MaxKeptChildren && (CommonWords.Contain(segment) || SegmentShapes.IsPlaceholder(segment));

    PathNode? ChildOf(PathNode node, string segment)
    {
        if (node.Children.TryGetValue(segment, out var child)) return child;
        if (SpareNodes <= 0 || NodeCount >= TemplateLimits.MaxNodesPerService) return null;
        SpareNodes--;
        NodeCount++;
        return node.Child(segment, out _);
    }

    void Fold(PathNode node, string placeholder)
    {
        var values = node.Children.Where(child => !FoldRule.Keeps(node, child.Key, child.Value) && !IsKeptApart(node, child.Key)).ToList();
        node.FoldedFrom = node.Children.Count(child => !PathNode.IsPlaceholder(child.Key));
        node.IsFolded = true;
        var value = node.Child(placeholder, out _);
        foreach (var (segment, child) in values)
        {
            node.Children.Remove(segment);
            Merge(value, child);
        }
        var before = NodeCount;
        NodeCount = _paths.CountNodes() + _hosts.CountNodes();
        SpareNodes += before - NodeCount;
        Version++;
    }

    void Merge(PathNode to, PathNode from)
    {
        to.Visits += from.Visits;
        to.HasValuesByLook |= from.HasValuesByLook;
        foreach (var (segment, child) in from.Children)
        {
            var target = to.IsFolded && !PathNode.IsPlaceholder(segment) && !to.Children.ContainsKey(segment) ? to.Child(to.NameOf(PathNode.Value), out _) : to.Child(to.NameOf(segment), out _);
            Merge(target, child);
        }
        if (FoldRule.Applies(to) && !IsKeptApart(to, to.NameOf(PathNode.Value))) Fold(to, to.NameOf(PathNode.Value));
    }

    static IEnumerable<PathNode> AllOf(PathNode node) => node.Children.Values.SelectMany(AllOf).Prepend(node);
}

/// <summary>A name by its template.</summary>
/// <param name="Name">With method and host: <c>GET /users/{id}</c>.</param>
/// <param name="Nodes">The places it went through, to count further visits.</param>
/// <param name="Rules">Why each placeholder stands; empty when the name is as it came, or only lost its query.</param>
sealed record NamedPath(string Name, PathNode[] Nodes, IReadOnlyList<PathRule> Rules);

/// <summary>Why a placeholder stands.</summary>
/// <param name="Path">The place, up to and with the placeholder; what an override names.</param>
/// <param name="Why">In words.</param>
public sealed record PathRule(string Path, string Why);

/// <summary>A place whose segments became one placeholder.</summary>
/// <param name="Path">Up to the place.</param>
/// <param name="FoldedFrom">Different segments that it had.</param>
/// <param name="Kept">Segments that stay beside the placeholder.</param>
public sealed record FoldedPlace(string Path, int FoldedFrom, IReadOnlyList<string> Kept);
