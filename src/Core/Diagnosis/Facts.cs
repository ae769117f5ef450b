namespace Apm.Core.Diagnosis;

/// <summary>
/// All that three witnesses know of one case: an app (with <see cref="Launcher"/>, <see cref="Process"/> or both), or the installation
/// (neither). Whoever is null saw nothing. Immutable.
/// </summary>
public sealed record Facts
{
    public required long NowUnixNanos { get; init; }
    public LauncherFacts? Launcher { get; init; }
    public ProcessFacts? Process { get; init; }

    /// <summary>All processes of the launched app that told of themselves, <see cref="Process"/> among them; where nobody launched it, that one alone.</summary>
    public IReadOnlyList<ProcessFacts> Announced { get; init; } = [];

    /// <summary>Null when no agent of ours answers.</summary>
    public AgentFacts? Agent { get; init; }
    public ScreenFacts? Screen { get; init; }

    /// <summary>Neither an app nor a screen: the installation as a whole.</summary>
    public bool IsOverall => Launcher is null && Process is null && Screen is null;

    /// <summary>What became of the spans of the app's service; null when none is known.</summary>
    public ServiceFate? Fate => (Process?.Info.Service ?? Launcher?.Service) is { Length: > 0 } service ? Agent?.Services.FirstOrDefault(fate => fate.Service == service) : null;

    /// <summary>Spans come in and can be found: then there is nothing to be alarmed about.</summary>
    public bool TracesFlow =>
        Screen is { } screen ? screen.FoundCount > 0
        : IsOverall ? Agent?.Services.Any(fate => fate.KeptSpanCount > 0) == true
        : Announced.Append(Process).Any(process => process?.HasSpans == true) && Fate is not { KeptSpanCount: 0, SampledOutSpanCount: > 0 } && !IsOutOfTime;

    /// <summary>Spans whose clock is off by so much are not where one looks for them; default one minute.</summary>
    public static readonly TimeSpan BearableSkew = TimeSpan.FromMinutes(1);

    /// <summary>The newest spans of the process lie so far from now that nobody sees them.</summary>
    public bool IsOutOfTime => Process?.SkewNanos is { } skew && IsOutOfTimeBy(skew);

    /// <summary>Spans that start so much after their receipt lie where nobody looks: more than a minute ahead, or ten behind, as long ones and retries are.</summary>
    public static bool IsOutOfTimeBy(long skewNanos) => skewNanos > BearableSkew.Ticks * 100 || skewNanos < -10 * BearableSkew.Ticks * 100;
}
