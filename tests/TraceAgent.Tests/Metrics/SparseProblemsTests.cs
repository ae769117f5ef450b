using Apm.Core.Counting;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>Senders that are wrong all the time do not push out what other parts have to say.</summary>
public class SparseProblemsTests
{
    [Fact]
    public void Five_a_second_are_kept_and_twenty_in_all()
    {
        var clock = new FixedClock(1_700_000_000 * UnixTime.NanosPerSecond);
        var problems = new RecentProblems();
        problems.Add("memory", "The process takes too much.", clock.Now);
        var sparse = new SparseProblems("dogstatsd", problems, clock);

        for (var second = 0; second < 100; second++)
        {
            for (var i = 0; i < 1_000; i++)
            {
                var sentence = $"{second}/{i}";
                sparse.Add(() => sentence);
            }
            clock.Now += UnixTime.NanosPerSecond;
        }

        var kept = problems.ReadAll();
        Assert.Equal(SparseProblems.MaxKept + 1, kept.Count);
        Assert.Equal(["99/4", "99/3", "99/2", "99/1", "99/0", "98/4"], kept.Take(6).Select(problem => problem.Sentence));
        Assert.Equal("The process takes too much.", kept[^1].Sentence);
    }
}
