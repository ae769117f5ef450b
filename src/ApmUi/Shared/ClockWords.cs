using Apm.ApmUi.Format;
using Apm.Core.Diagnosis;

namespace Apm.ApmUi.Shared;

/// <summary>A clock's difference in words.</summary>
public static class ClockWords
{
    /// <summary>Two seconds ahead, and a minute behind, which what is sent late makes.</summary>
    const long AheadNanos = 2_000_000_000, BehindNanos = -60_000_000_000;

    /// <summary><c>agrees</c>, <c>19 min ahead</c>, <c>3 h behind</c>.</summary>
    /// <param name="skewNanos">Start of the newest span minus the time of its receipt.</param>
    public static string Of(long skewNanos) => skewNanos switch
    {
        > AheadNanos => Figure.Duration(skewNanos) + " ahead",
        < BehindNanos => Figure.Duration(-(double)skewNanos) + " behind",
        _ => "agrees",
    };

    /// <summary>How it was found.</summary>
    public static string Evidence(HostClock clock, Links.PageState state) =>
        $"Its newest span began {Figure.Duration(Math.Abs((double)clock.SkewNanos))} {(clock.SkewNanos > 0 ? "after" : "before")} it was received, {Figure.Ago(clock.SeenUnixNanos, state.NowUnixNanos)}";
}
