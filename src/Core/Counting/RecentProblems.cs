namespace Apm.Core.Counting;

/// <summary>The last refusals and failures in the words the client or the user was told, newest first.</summary>
/// <remarks>Thread-safe. Keeps <see cref="Limit"/>; an older one makes room, its count stays in <see cref="Counters"/>.</remarks>
public sealed class RecentProblems
{
    /// <summary>Most sentences kept; default 100.</summary>
    public const int Limit = 100;

    readonly Lock _lock = new();
    readonly LinkedList<Problem> _newestFirst = [];

    /// <summary>Notes a problem; the same sentence from the same place again only moves up and counts.</summary>
    /// <param name="maxOfPlace">Most sentences kept of this place, so that one that senders can fill leaves room for the others; its oldest goes.</param>
    public void Add(string where, string sentence, long atUnixNanos, int maxOfPlace = Limit)
    {
        lock (_lock)
        {
            var known = _newestFirst.FirstOrDefault(problem => problem.Where == where && problem.Sentence == sentence);
            if (known is not null) _newestFirst.Remove(known);
            _newestFirst.AddFirst(new Problem(where, sentence, atUnixNanos, (known?.Count ?? 0) + 1));
            if (maxOfPlace < Limit && _newestFirst.Where(problem => problem.Where == where).Skip(maxOfPlace).FirstOrDefault() is { } oldest) _newestFirst.Remove(oldest);
            if (_newestFirst.Count > Limit) _newestFirst.RemoveLast();
        }
    }

    /// <summary>All kept, newest first.</summary>
    public IReadOnlyList<Problem> ReadAll()
    {
        lock (_lock) return [.. _newestFirst];
    }
}

/// <summary>Something that went wrong.</summary>
/// <param name="Where">The endpoint or part, such as <c>PUT /v0.4/traces</c>.</param>
/// <param name="Sentence">As the client was told.</param>
/// <param name="LastUnixNanos">When it happened last.</param>
/// <param name="Count">How often, while it was kept.</param>
public sealed record Problem(string Where, string Sentence, long LastUnixNanos, int Count);
