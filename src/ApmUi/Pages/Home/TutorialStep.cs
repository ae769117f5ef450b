namespace Apm.ApmUi.Pages.Home;

/// <summary>One thing to do, and how it is seen that it was done.</summary>
/// <param name="Id">Such as <c>host_seen</c>; does not change.</param>
/// <param name="Title">What is so when it is done.</param>
/// <param name="What">What to do, in a line.</param>
/// <param name="Look">What of the stores shows that it was done, in a few words; null when nothing does yet. May throw <see cref="Core.Ports.StoreUnavailableException"/>.</param>
public sealed record TutorialStep(string Id, string Title, string What, Func<string?> Look)
{
    /// <summary>A command to paste; "" for none.</summary>
    public string Command { get; init; } = "";

    /// <summary>A page on which it is done or seen, from the site's root; "" for none.</summary>
    public string Link { get; init; } = "";
}

/// <summary>A step as it stands.</summary>
/// <param name="DoneUnixSeconds">When it was first seen to be done; null when it is not.</param>
/// <param name="Evidence">By what it was seen; "" when it is not.</param>
public sealed record TutorialLine(TutorialStep Step, long? DoneUnixSeconds, string Evidence)
{
    public bool IsDone => DoneUnixSeconds is not null;
}

/// <summary>The checklist as it stands. Immutable.</summary>
/// <param name="IsPutAway">Somebody does not want to see it.</param>
public sealed record TutorialView(IReadOnlyList<TutorialLine> Lines, bool IsPutAway)
{
    public int DoneCount => Lines.Count(line => line.IsDone);

    /// <summary>The first that is not done; null when all are.</summary>
    public TutorialLine? Next => Lines.FirstOrDefault(line => !line.IsDone);

    /// <summary>Whether the first page shows it.</summary>
    public bool IsShown => !IsPutAway && Next is not null;
}
