using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Deployments;

namespace Apm.Query.Tests.Deployments;

public class DeploymentComparisonTests
{
    [Theory]
    //          errors of hits before, after          verdict
    [InlineData(0,   1_000,          53,  1_000,      Verdict.Worse)]
    [InlineData(53,  1_000,          0,   1_000,      Verdict.Better)]
    [InlineData(10,  1_000,          12,  1_000,      Verdict.Same)]  // Chance.
    [InlineData(1,   100,            4,   100,        Verdict.Same)]  // Too few to be sure.
    [InlineData(100, 1_000_000,      600, 1_000_000,  Verdict.Same)]  // Certain, but half a tenth of a percentage point.
    [InlineData(0,   50,             50,  50,         Verdict.Worse)]
    [InlineData(0,   50,             0,   50,         Verdict.Same)]
    public void Error_rates_differ_when_it_is_more_than_chance(double errorsBefore, double before, double errorsAfter, double after, Verdict verdict) =>
        Assert.Equal(verdict, DeploymentVerdicts.Errors(errorsBefore, before, errorsAfter, after));

    [Theory]
    [InlineData(100, 121, Verdict.Worse)]
    [InlineData(100, 119, Verdict.Same)]
    [InlineData(121, 100, Verdict.Better)]
    [InlineData(0.5, 1.4, Verdict.Same)] // Less than a millisecond.
    [InlineData(0.5, 1.6, Verdict.Worse)]
    public void Latency_differs_by_a_fifth_and_a_millisecond(double beforeMillis, double afterMillis, Verdict verdict) =>
        Assert.Equal(verdict, DeploymentVerdicts.Latency(beforeMillis * 1e6, afterMillis * 1e6));

    [Theory]
    [InlineData(49, 500, "Too little data to compare: 49 requests before it, 50 are needed.")]
    [InlineData(500, 12, "Too little data to compare: 12 requests to the new version so far, 50 are needed.")]
    [InlineData(50, 50, null)]
    public void Too_little_data_is_said(double before, double after, string? says)
    {
        var comparison = new DeploymentComparison
        {
            Service = "web",
            Deployment = new Deployment("prod", "2", 0, 0, "1"),
            Before = new RedNumbers(before, 0, 1, 1e6, 1e6, 1e6),
            After = new RedNumbers(after, after, 1, 9e9, 9e9, 9e9),
            AllHitsPerSecondAfter = 1,
            BeforeRange = Some(0),
            AfterRange = Some(1),
            NewEndpoints = [],
            NewIssues = [],
        };

        Assert.Equal(says, comparison.TooLittle);
        Assert.Equal(says is null ? Verdict.Worse : Verdict.Unknown, comparison.Overall);

        static TimeRange Some(long from) => new(from, from + 1);
    }

    [Fact]
    public void A_restart_takes_the_place_of_one_that_was_silent_since()
    {
        static ProcessInfo Process(string id, long first, long last, string version = "1") => new() { RuntimeId = id, Service = "web", Version = version, Hostname = "h", FirstSeenUnixNanos = first, LastSeenUnixNanos = last };

        Assert.Equal(["c"], ProcessRestarts.Of([Process("a", 0, 10), Process("b", 1, 50), Process("c", 20, 50)]).Select(process => process.RuntimeId));
        Assert.Empty(ProcessRestarts.Of([Process("a", 0, 10), Process("b", 20, 50, version: "2")])); // A deployment.
    }
}
