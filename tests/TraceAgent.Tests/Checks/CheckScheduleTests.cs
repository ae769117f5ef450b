using System.Collections.Concurrent;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Tests.Checks;

public sealed class CheckScheduleTests : IAsyncDisposable
{
    static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly SteppedClock _clock = new(Start);
    readonly Counters _counters = new();
    readonly ConcurrentQueue<CheckResult> _kept = new();
    readonly CheckSchedule _schedule;

    public CheckScheduleTests() => _schedule = new CheckSchedule(new CheckScheduleSettings { MaxRunners = 2, MaxSubmissionsPerRun = 5 }, _clock, MemoryBudget.None(), _counters, _ => new PlainSums(NowSeconds), _kept.Enqueue);

    public ValueTask DisposeAsync() => _schedule.DisposeAsync();

    [Fact]
    public async Task Instances_run_at_their_intervals_with_the_time_of_the_run()
    {
        _schedule.Replace([Plan("a", 15, Gauge), Plan("b", 45, Gauge)]);

        for (var second = 0; second <= 90; second++)
        {
            await Quiet();
            if (second < 90) _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([0, 15, 30, 45, 60, 75, 90], TimesOf("a"));
        Assert.Equal([1, 46], TimesOf("b")); // Not at once with the first, and then every 45 s.
        Assert.Equal(("Ok", 7L, 7L), (Status("a").Outcome.ToString(), Status("a").RunCount, Status("a").Total.MetricSampleCount));
        Assert.Equal(1, (Status("b").NextRunUnixNanos - _clock.NowUnixNanos()) / UnixTime.NanosPerSecond);
    }

    [Fact]
    public async Task A_run_that_lasts_is_not_overtaken_by_the_next()
    {
        var gate = new TaskCompletionSource();
        var runs = 0;
        _schedule.Replace([Plan("slow", 5, async (_, _) =>
        {
            Interlocked.Increment(ref runs);
            await gate.Task;
        })]);
        await Until.True("it runs", Patience, () => Task.FromResult(runs == 1));

        for (var i = 0; i < 12; i++) _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, runs);
        Assert.Equal((2L, true), (Status("slow").SkippedCount, Status("slow").IsRunning));
        gate.SetResult();
        await Quiet();
        _clock.Advance(TimeSpan.FromSeconds(3));
        await Until.True("it runs again", Patience, () => Task.FromResult(runs == 2));
    }

    [Fact]
    public async Task A_run_that_hangs_is_stopped_and_others_go_on()
    {
        _schedule.Replace([Plan("hangs", 15, (_, cancel) => new TaskCompletionSource().Task.WaitAsync(cancel)), Plan("fine", 15, Gauge)]);

        for (var second = 0; second < 31; second++)
        {
            await Until.True("the fine one is done", Patience, () => Task.FromResult(!Status("fine").IsRunning));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Until.True("it has failed", Patience, () => Task.FromResult(Status("hangs").ErrorCount == 1));
        Assert.Equal("The run did not end within 30 s and was stopped. Raise checks.timeout if it needs longer.", Status("hangs").Error);
        Assert.InRange(Status("fine").RunCount, 2, 3); // At 1 s, 16 s and 31 s.
        await Until.True("it is counted", Patience, () => Task.FromResult(_counters.Read("check_runs", "failed", "hangs") == 1)); // A moment after its state says so.
    }

    [Fact]
    public async Task A_run_that_will_not_end_is_given_up_and_what_it_still_says_is_passed_over()
    {
        var gate = new TaskCompletionSource();
        var runs = 0;
        _schedule.Replace([Plan("stuck", 60, async (output, _) =>
        {
            runs++;
            await gate.Task; // Cancelling does not interest it.
            output.Submit(CheckMetricKind.Gauge, "late", 1, []);
        })]);
        await Until.True("it runs", Patience, () => Task.FromResult(runs == 1));
        _clock.Advance(TimeSpan.FromSeconds(30));
        await Until.True("it is given up", Patience, () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(Status("stuck").ErrorCount >= 1);
        });

        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(1, runs); // Runs of an instance never overlap.
        Assert.True(Status("stuck").SkippedCount >= 1);
        gate.SetResult();
        await Until.True("it runs again", Patience, () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(60));
            return Task.FromResult(runs >= 2);
        });
        Assert.All(_kept, result => Assert.DoesNotContain(result.Series, series => result == _kept.First() && series.Metric == "late"));
    }

    [Fact]
    public async Task Only_so_many_run_at_once_but_what_is_built_in_does_not_wait()
    {
        var gate = new TaskCompletionSource();
        var started = new ConcurrentQueue<string>();
        CheckPlan Waiting(string id, string source) => Plan(id, 600, async (_, _) =>
        {
            started.Enqueue(id);
            await gate.Task;
        }) with { Source = source };
        _schedule.Replace([Waiting("a", "f"), Waiting("b", "f"), Waiting("c", "f"), Waiting("cpu", CheckPlan.BuiltIn)]);

        _clock.Advance(TimeSpan.FromSeconds(5));
        await Until.True("three run", Patience, () => Task.FromResult(started.Count == 3));

        Assert.Equal(["a", "b", "cpu"], started.Order());
        gate.SetResult();
        await Until.True("the fourth has its turn", Patience, () => Task.FromResult(started.Contains("c")));
    }

    [Fact]
    public async Task Failures_say_why_and_the_check_stays()
    {
        _schedule.Replace([Plan("said", 15, (_, _) => throw new CheckFailedException("No server answers at localhost:3306.")), Plan("unsaid", 15, (_, _) => throw new InvalidOperationException("oops")),
            Plan("unmade", 15, Gauge) with { Make = () => throw new CheckFailedException("unmade: `host` is needed.") }]);
        for (var i = 0; i < 4; i++)
        {
            await Quiet();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("No server answers at localhost:3306.", Status("said").Error);
        Assert.Equal("The check failed in a way that it does not explain: InvalidOperationException: oops", Status("unsaid").Error);
        Assert.Equal("unmade: `host` is needed.", Status("unmade").Error);
        Assert.All(_schedule.Status(), status => Assert.Equal(CheckOutcome.Error, status.Outcome));
    }

    [Fact]
    public async Task What_is_attached_to_an_instance_is_on_all_that_it_gives_out()
    {
        _schedule.Replace([Plan("a", 15, (output, _) =>
        {
            output.Submit(CheckMetricKind.Gauge, "size", 1, ["x:y"]);
            output.Submit(CheckMetricKind.Gauge, "size", 1, ["host:other"]);
            output.ServiceCheck("up", Core.Checks.CheckStatus.Critical, [], "down");
            output.Event(new Core.Events.EventRecord { Title = "t", UnixSeconds = 1 });
            return Task.CompletedTask;
        }) with { Tags = ["team:a"], Namespace = "ours", Host = "box" }]);
        await Until.True("kept", Patience, () => Task.FromResult(!_kept.IsEmpty));

        var result = Assert.Single(_kept);
        Assert.Equal(["ours.size x:y,team:a,host:box", "ours.size host:other,team:a"], result.Series.Select(series => $"{series.Metric} {string.Join(',', series.Tags)}"));
        var answer = Assert.Single(result.Run.Answers);
        Assert.Equal(("ours.up", "box", "team:a", "down", 1_800_000_000), (answer.Check, answer.Host, string.Join(',', answer.Tags), answer.Message, answer.UnixSeconds));
        var happened = Assert.Single(result.Run.Events);
        Assert.Equal(("box", "team:a"), (happened.Host, string.Join(',', happened.Tags)));
    }

    [Fact]
    public async Task More_than_a_run_may_give_out_is_dropped_said_and_counted()
    {
        _schedule.Replace([Plan("loud", 15, (output, _) =>
        {
            for (var i = 0; i < 8; i++) output.Submit(CheckMetricKind.Gauge, "size", i, []);
            return Task.CompletedTask;
        })]);
        await Quiet();

        Assert.Equal(5, Assert.Single(_kept).Series.Count);
        Assert.Equal(["3 submissions were dropped: a run may give out 5, as far as there is memory."], Status("loud").Warnings);
        Assert.Equal(3, _counters.Read("check_submissions_dropped"));
    }

    [Fact]
    public async Task After_a_change_of_files_what_stayed_goes_on_and_what_went_ends()
    {
        var gone = new ScriptedCheck(Gauge);
        _schedule.Replace([Plan("stays", 15, Gauge), Plan("goes", 15, Gauge) with { Make = () => gone }]);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Until.True("both ran", Patience, () => Task.FromResult(_schedule.Status().All(status => status.RunCount == 1 && !status.IsRunning)));

        _schedule.Replace([Plan("stays", 15, Gauge), Plan("comes", 15, Gauge)]);
        await Until.True("the new one runs at once", Patience, () => Task.FromResult(Status("comes").RunCount == 1));

        Assert.Equal(["stays", "comes"], _schedule.Status().Select(status => status.Id));
        Assert.Equal(1, Status("stays").RunCount);
        await Until.True("the other is let go", Patience, () => Task.FromResult(gone.IsDisposed));
    }

    static Task Gauge(ICheckOutput output, CancellationToken cancel)
    {
        output.Submit(CheckMetricKind.Gauge, "size", 1, []);
        return Task.CompletedTask;
    }

    static CheckPlan Plan(string id, int seconds, Func<ICheckOutput, CancellationToken, Task> run) => new(id, id, "conf.d/x.yaml", TimeSpan.FromSeconds(seconds), () => new ScriptedCheck(run));

    CheckInstanceStatus Status(string id) => _schedule.Status().Single(status => status.Id == id);

    long NowSeconds() => _clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    IEnumerable<long> TimesOf(string id) => _kept.Where(result => result.Plan.Id == id).Select(result => result.Series[0].Points[0].UnixSeconds - Start.ToUnixTimeSeconds());

    /// <summary>All runs that are due have ended.</summary>
    Task<TimeSpan> Quiet() => Until.True("nothing runs", Patience, () => Task.FromResult(_schedule.Status().All(status => !status.IsRunning && status.NextRunUnixNanos > _clock.NowUnixNanos()) && _kept.Count == _schedule.Status().Sum(status => status.RunCount)));
}
