namespace Apm.Core.Diagnosis;

/// <summary>The screen's witness: what it asked for, what it found, and what it would have found otherwise.</summary>
public sealed record ScreenFacts
{
    /// <summary>What it looks for, such as <c>traces</c> or <c>services</c>.</summary>
    public required string Noun { get; init; }

    /// <summary>How many it shows.</summary>
    public long FoundCount { get; init; }

    /// <summary>The filters in force, each with what is found without it.</summary>
    public IReadOnlyList<FilterFact> Filters { get; init; } = [];

    /// <summary>Environments that have some, the most first.</summary>
    public IReadOnlyList<FilterFact> OtherEnvs { get; init; } = [];

    /// <summary>Width of the window.</summary>
    public long WindowNanos { get; init; }

    /// <summary>The window in words, where it does not end now: <c>24 Nov 09:10 – 09:15 UTC</c>; "" for one that does.</summary>
    public string WindowText { get; init; } = "";

    /// <summary>The newest that matches the filters at any time, when it lies outside of the window; 0 when there is none.</summary>
    public long NewestUnixNanos { get; init; }

    /// <summary>Address of the same screen where they are; "" when the screen has none.</summary>
    public string ThereUrl { get; init; } = "";

    /// <summary>The browser's clock minus this machine's, nanoseconds; null when it did not tell.</summary>
    public long? BrowserSkewNanos { get; init; }
}

/// <summary>A filter and a count.</summary>
/// <param name="Text">As it is written: <c>env:prod</c>.</param>
/// <param name="Count">How many there are, of this or without it.</param>
/// <param name="Url">Address of the screen so; "" when it has none.</param>
public sealed record FilterFact(string Text, long Count, string Url = "");
