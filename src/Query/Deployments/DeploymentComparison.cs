using Apm.Core.Errors;
using Apm.Core.Services;
using Apm.Core.Time;

namespace Apm.Query.Deployments;

/// <summary>What a deployment changed: windows of the same length before and after it.</summary>
public sealed record DeploymentComparison
{
    /// <summary>Requests on a side below which nothing is said about the difference; default 50.</summary>
    public const int MinRequests = 50;

    public required string Service { get; init; }
    public required Deployment Deployment { get; init; }

    /// <summary>All versions, before.</summary>
    public required RedNumbers Before { get; init; }

    /// <summary>The new version alone, after.</summary>
    public required RedNumbers After { get; init; }

    /// <summary>Requests a second of the whole service after it: while old instances still run, the new version has a part of them.</summary>
    public required double AllHitsPerSecondAfter { get; init; }
    public required TimeRange BeforeRange { get; init; }
    public required TimeRange AfterRange { get; init; }

    /// <summary>Endpoints that were called in the new version and in none before, as far back as statistics were looked at.</summary>
    public required IReadOnlyList<string> NewEndpoints { get; init; }

    /// <summary>Issues first seen in this version.</summary>
    public required IReadOnlyList<ErrorIssue> NewIssues { get; init; }

    /// <summary>Why the numbers say nothing yet; null when they do.</summary>
    public string? TooLittle =>
        Before.HitCount < MinRequests ? $"Too little data to compare: {Before.HitCount:0} requests before it, {MinRequests} are needed."
        : After.HitCount < MinRequests ? $"Too little data to compare: {After.HitCount:0} requests to the new version so far, {MinRequests} are needed."
        : null;

    public Verdict Errors => TooLittle is not null ? Verdict.Unknown : DeploymentVerdicts.Errors(Before.ErrorCount, Before.HitCount, After.ErrorCount, After.HitCount);
    public Verdict P50 => LatencyOf(Before.P50Nanos, After.P50Nanos);
    public Verdict P95 => LatencyOf(Before.P95Nanos, After.P95Nanos);
    public Verdict P99 => LatencyOf(Before.P99Nanos, After.P99Nanos);

    /// <summary>The worst of all: new errors and slower requests count alike.</summary>
    public Verdict Overall => new[] { Errors, P50, P95 } is var all && all.Contains(Verdict.Worse) ? Verdict.Worse
        : TooLittle is not null ? Verdict.Unknown : all.Contains(Verdict.Better) ? Verdict.Better : Verdict.Same;

    Verdict LatencyOf(double? before, double? after) => TooLittle is not null || before is null || after is null ? Verdict.Unknown : DeploymentVerdicts.Latency(before.Value, after.Value);
}

/// <summary>Requests, errors and latency of one side.</summary>
/// <param name="P50Nanos">Null without requests; so are the others.</param>
public sealed record RedNumbers(double HitCount, double ErrorCount, double HitsPerSecond, double? P50Nanos, double? P95Nanos, double? P99Nanos)
{
    /// <summary>0 to 1; 0 without hits.</summary>
    public double ErrorRate => HitCount > 0 ? Math.Min(1, ErrorCount / HitCount) : 0;
}

/// <summary>What a difference means.</summary>
public enum Verdict
{
    /// <summary>Too little data.</summary>
    Unknown,

    /// <summary>No difference that is more than chance.</summary>
    Same,
    Better,
    Worse,
}

/// <summary>When a difference is called one. Pure; the rules stand in docs/errors.md.</summary>
public static class DeploymentVerdicts
{
    /// <summary>How many standard errors apart two error rates must be; default 3.</summary>
    public const double MinStandardErrors = 3;

    /// <summary>Smallest difference of error rates that counts; default 0.1 percentage points.</summary>
    public const double MinErrorRateDifference = 0.001;

    /// <summary>Latency must grow by this factor to be worse, or shrink by it to be better; default 1.2.</summary>
    public const double MinLatencyFactor = 1.2;

    /// <summary>… and by at least so much; default 1 ms.</summary>
    public const double MinLatencyDifferenceNanos = 1e6;

    /// <summary>Two error rates: different when three standard errors and 0.1 percentage points apart.</summary>
    public static Verdict Errors(double errorsBefore, double hitsBefore, double errorsAfter, double hitsAfter)
    {
        var (before, after) = (Math.Min(1, errorsBefore / hitsBefore), Math.Min(1, errorsAfter / hitsAfter));
        var together = Math.Min(1, (errorsBefore + errorsAfter) / (hitsBefore + hitsAfter));
        var standardError = Math.Sqrt(together * (1 - together) * (1 / hitsBefore + 1 / hitsAfter));
        if (Math.Abs(after - before) < MinErrorRateDifference || Math.Abs(after - before) < MinStandardErrors * standardError) return Verdict.Same;
        return after > before ? Verdict.Worse : Verdict.Better;
    }

    /// <summary>A percentile before and after.</summary>
    public static Verdict Latency(double beforeNanos, double afterNanos)
    {
        if (Math.Abs(afterNanos - beforeNanos) < MinLatencyDifferenceNanos) return Verdict.Same;
        return afterNanos >= beforeNanos * MinLatencyFactor ? Verdict.Worse : afterNanos * MinLatencyFactor <= beforeNanos ? Verdict.Better : Verdict.Same;
    }
}
