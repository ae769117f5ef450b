namespace Apm.Core.Events;

/// <summary>Which events are asked for (metrics-monitors §4.6). What is null or empty does not matter.</summary>
/// <param name="FromUnixSeconds">Those that happened earlier are left out.</param>
/// <param name="ToUnixSeconds">Those that happened later are left out.</param>
public sealed record EventSearch(long FromUnixSeconds, long ToUnixSeconds)
{
    /// <summary><c>normal</c> or <c>low</c>.</summary>
    public string Priority { get; init; } = "";

    /// <summary>One of them, in whatever case.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>All of them, normalised; the host counts as a tag <c>host:NAME</c>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>None of them.</summary>
    public IReadOnlyList<string> WithoutTags { get; init; } = [];

    /// <summary>What else must hold; null for nothing. Asked while the store is locked, so it has to be quick and must not ask the store.</summary>
    public Predicate<EventRecord>? Condition { get; init; }

    /// <summary>Comments are left out unless asked for; they stand beneath what they comment on.</summary>
    public bool WithComments { get; init; }

    /// <summary>How many of the newest are passed over.</summary>
    public int Skip { get; init; }

    /// <summary>How many at most.</summary>
    public int Take { get; init; } = int.MaxValue;

    /// <summary>Whether an event is one of them, page aside.</summary>
    public bool Accepts(EventRecord happened) =>
        happened.UnixSeconds >= FromUnixSeconds && happened.UnixSeconds <= ToUnixSeconds
        && (WithComments || !happened.IsComment())
        && (Priority.Length == 0 || happened.Priority == Priority)
        && (Sources.Count == 0 || Sources.Contains(happened.Source, StringComparer.OrdinalIgnoreCase))
        && Tags.All(tag => happened.HasTag(tag))
        && !WithoutTags.Any(tag => happened.HasTag(tag))
        && (Condition is null || Condition(happened));
}
