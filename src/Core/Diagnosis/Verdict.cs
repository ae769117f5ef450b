namespace Apm.Core.Diagnosis;

/// <summary>A fault that was recognised: what it is in one sentence, what was observed, what to paste.</summary>
public sealed record Verdict
{
    /// <summary><c>TD01</c> … of the fault table (docs/doctor.md).</summary>
    public required string Code { get; init; }

    /// <summary>One sentence, two when the second says what to do. Never "check your configuration".</summary>
    public required string Sentence { get; init; }

    /// <summary>Where on the way of a span it sits.</summary>
    public required WayStage Stage { get; init; }

    /// <summary>What was observed, one fact a line; never empty.</summary>
    public required IReadOnlyList<string> Evidence { get; init; }

    /// <summary>A line to paste, or an edit to make; "" when there is nothing to do.</summary>
    public string Fix { get; init; } = "";

    /// <summary>Where what it speaks of can be seen: address of a screen, whole; "" when there is none.</summary>
    public string ThereUrl { get; init; } = "";

    /// <summary>True of what is so beside traces that arrive: it is told and alarms nobody.</summary>
    public bool IsNote { get; init; }
}

/// <summary>What the rules make of some facts.</summary>
/// <param name="First">The most likely fault; null when nothing is wrong, or when traces flow.</param>
/// <param name="RunnersUp">Other faults that the facts allow, the likelier first.</param>
/// <param name="Notes">What is so beside.</param>
public sealed record Judgement(Verdict? First, IReadOnlyList<Verdict> RunnersUp, IReadOnlyList<Verdict> Notes)
{
    /// <summary>Nothing to say.</summary>
    public static Judgement None { get; } = new(null, [], []);

    /// <summary>All of it, the first first.</summary>
    public IEnumerable<Verdict> All => (First is null ? [] : new[] { First }).Concat(RunnersUp).Concat(Notes);
}
