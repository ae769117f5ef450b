namespace Apm.Core.Endpoints;

/// <summary>One place in the paths of a service: what was seen there, and what follows.</summary>
/// <remarks>Changed under its tree's lock; <see cref="Visits"/> also without, where a lost count does not matter.</remarks>
sealed class PathNode(string path, int depth)
{
    /// <summary>Placeholder for a folded place's values.</summary>
    public const string Value = "{value}";

    /// <summary>Placeholder of segments that look like ids.</summary>
    public const string Id = "{id}";

    /// <summary>From the root, each segment as it is named: <c>/users/{id}</c>; <c>//host/…</c> behind a host; "" for the root.</summary>
    public string Path { get; } = path;

    /// <summary>Segments before it that are neither <c>api</c> nor a version.</summary>
    public int Depth { get; } = depth;

    public Dictionary<string, PathNode> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>Batches that had a name through here.</summary>
    public int Visits { get; set; }

    /// <summary>New segments here are values.</summary>
    public bool IsFolded { get; set; }

    /// <summary>How many different segments it had when it was folded; 0 before.</summary>
    public int FoldedFrom { get; set; }

    /// <summary>Some segments here are values by their look, though no ids: titles, escaped texts.</summary>
    public bool HasValuesByLook { get; set; }

    /// <summary>
    /// What <c>{id}</c> and <c>{value}</c> are called here: the one that was given out first, because both stand for one parameter.
    /// Other placeholders keep their names.
    /// </summary>
    public string NameOf(string placeholder) => placeholder switch
    {
        Id when !Children.ContainsKey(Id) && Children.ContainsKey(Value) => Value,
        Value when !Children.ContainsKey(Value) && Children.ContainsKey(Id) => Id,
        _ => placeholder,
    };

    public static bool IsPlaceholder(string segment) => segment.Contains('{', StringComparison.Ordinal);

    /// <summary>The child of a segment, made when new.</summary>
    public PathNode Child(string segment, out bool isNew)
    {
        isNew = !Children.TryGetValue(segment, out var child);
        if (isNew) Children.Add(segment, child = new PathNode($"{Path}/{segment}", Depth + (IsPrefix(segment) ? 0 : 1)));
        return child!;
    }

    /// <summary>How many nodes hang here, itself included.</summary>
    public int CountNodes() => 1 + Children.Values.Sum(child => child.CountNodes());

    static bool IsPrefix(string segment) =>
        segment.Equals("api", StringComparison.OrdinalIgnoreCase) || segment.StartsWith('/') || (segment.Length is >= 2 and <= 4 && segment[0] == 'v' && char.IsAsciiDigit(segment[1]));
}
