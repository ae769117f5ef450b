namespace Apm.ApmUi.Pages.Map;

/// <summary>
/// Remembers for half an hour which edges a view of the map had. They keep their room in the drawing, so that the nodes stay where they
/// are when a rare call leaves the live window and comes back. Known to this process alone.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class MapMemory(TimeProvider clock)
{
    /// <summary>Most views remembered; default 32. The one not looked at for longest is forgotten.</summary>
    public const int MaxViews = 32;

    static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(30);

    readonly Lock _lock = new();
    readonly Dictionary<string, Dictionary<(string From, string To), DateTimeOffset>> _views = new(StringComparer.Ordinal);
    readonly Dictionary<string, DateTimeOffset> _lookedAt = new(StringComparer.Ordinal);

    /// <summary>The edges of a view with those it had before, up to as many as are drawn.</summary>
    /// <param name="view">What the address asks for, but for the time.</param>
    public IReadOnlyList<(string From, string To)> With(string view, IEnumerable<(string From, string To)> edges)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (!_views.TryGetValue(view, out var known))
            {
                if (_views.Count >= MaxViews && _lookedAt.MinBy(pair => pair.Value).Key is { } oldest)
                {
                    _views.Remove(oldest);
                    _lookedAt.Remove(oldest);
                }
                _views.Add(view, known = []);
            }
            _lookedAt[view] = now;
            foreach (var edge in edges) known[edge] = now;
            foreach (var (edge, seen) in known) if (now - seen > KeptFor) known.Remove(edge);
            return [.. known.OrderByDescending(pair => pair.Value).Take(MapView.MaxDrawnEdges).Select(pair => pair.Key)];
        }
    }
}
