using Apm.Core.Services;

namespace Apm.Core.Tests.Services;

public class DeploymentHistoryTests
{
    const long Minute = 60_000_000_000;

    [Theory]
    //          spans: env/version@minute                                  deployments: env/version@first-last<previous
    [InlineData("p/1@0 p/1@1 p/1@9",                                       "p/1@0-9<")]
    [InlineData("p/1@0 p/2@5 p/2@6",                                       "p/1@0-0< p/2@5-6<1")]
    [InlineData("p/1@0 p/2@5 p/1@6 p/2@7 p/1@8",                           "p/1@0-8< p/2@5-7<1")]            // Side by side.
    [InlineData("p/1@0 p/2@5 p/2@9 p/1@10",                                "p/1@0-0< p/2@5-9<1 p/1@10-10<2")] // Back after ten minutes: a roll-back.
    [InlineData("p/1@0 p/1@60",                                            "p/1@0-60<")]                      // Silent, but nothing else ran.
    [InlineData("p/1@0 t/1@1 t/2@2 p/1@3",                                 "p/1@0-3< t/1@1-1< t/2@2-2<1")]    // Environments are apart.
    [InlineData("p/@0 p/1@1",                                              "p/1@1-1<")]                       // A span without a version says nothing.
    [InlineData("p/1@5 p/1@3",                                             "p/1@5-5<")]                       // Late spans change nothing.
    public void Versions_on_spans_tell_deployments(string spans, string deployments)
    {
        IReadOnlyList<Deployment> history = [];
        foreach (var span in spans.Split(' '))
        {
            var (env, rest) = (span.Split('/')[0], span.Split('/')[1].Split('@'));
            history = DeploymentHistory.Saw(history, env, rest[0], long.Parse(rest[1], null) * Minute);
        }

        Assert.Equal(deployments, string.Join(' ', history.Select(d => $"{d.Env}/{d.Version}@{d.FirstSeenUnixNanos / Minute}-{d.LastSeenUnixNanos / Minute}<{d.PreviousVersion}")));
    }

    [Fact]
    public void Only_so_many_are_kept()
    {
        IReadOnlyList<Deployment> history = [];
        for (var i = 0; i < DeploymentHistory.MaxDeployments + 20; i++) history = DeploymentHistory.Saw(history, "p", $"{i}", i);

        Assert.Equal(DeploymentHistory.MaxDeployments, history.Count);
        Assert.Equal("20", history[0].Version);
    }

    [Fact]
    public void Nothing_new_gives_the_same_instance()
    {
        var history = DeploymentHistory.Saw([], "p", "1", 5);

        Assert.Same(history, DeploymentHistory.Saw(history, "p", "1", 5));
        Assert.Same(history, DeploymentHistory.Saw(history, "p", "", 9));
    }
}
