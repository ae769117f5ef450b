using Apm.Core.Ports;

namespace Apm.ApmUi.Pages.Home;

/// <summary>
/// The checklist and what is known of it. What was seen to be done is kept, with its time: data that goes in time takes no tick away. So is that
/// somebody put the list away.
/// </summary>
/// <remarks>Any thread. A step that is done is not looked at again, so a finished list costs nothing.</remarks>
public sealed class TutorialBook(IServiceProvider parts, IDocumentStore documents, UiSettings settings, TimeProvider clock)
{
    const string Collection = "tutorial", Id = "tutorial";

    readonly IReadOnlyList<TutorialStep> _steps = new TutorialSteps(parts.GetService, settings, clock).All();
    readonly Lock _lock = new();
    Kept? _kept;

    /// <summary>Looks at what is not done yet.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read or kept. Safe to retry.</exception>
    public TutorialView Read()
    {
        lock (_lock)
        {
            var kept = Kept_NeedsLock();
            var seen = new Dictionary<string, Done>(kept.Done, StringComparer.Ordinal);
            if (!kept.IsPutAway)
                foreach (var step in _steps)
                    if (!seen.ContainsKey(step.Id) && step.Look() is { } evidence) seen[step.Id] = new Done(clock.GetUtcNow().ToUnixTimeSeconds(), evidence);
            if (seen.Count > kept.Done.Count) Keep_NeedsLock(kept = kept with { Done = seen });
            return new TutorialView([.. _steps.Select(step => kept.Done.TryGetValue(step.Id, out var done) ? new TutorialLine(step, done.UnixSeconds, done.Evidence) : new TutorialLine(step, null, ""))], kept.IsPutAway);
        }
    }

    /// <summary>Hides the list on the first page, or shows it again.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be kept; nothing was changed.</exception>
    public void PutAway(bool isPutAway)
    {
        lock (_lock) Keep_NeedsLock(Kept_NeedsLock() with { IsPutAway = isPutAway });
    }

    Kept Kept_NeedsLock() => _kept ??= documents.Find<Kept>(Collection, Id) ?? new Kept();

    void Keep_NeedsLock(Kept kept)
    {
        documents.Store(Collection, Id, kept);
        _kept = kept;
    }

    sealed record Done(long UnixSeconds, string Evidence);

    sealed record Kept
    {
        public Dictionary<string, Done> Done { get; init; } = [];
        public bool IsPutAway { get; init; }
    }
}
