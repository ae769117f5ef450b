using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Tests.Checks;

public sealed class CheckResultsTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    readonly Counters _counters = new();
    readonly RecentProblems _problems = new();
    readonly MemoryBudget _memory = MemoryBudget.None();
    readonly FailingIntake _intake = new();
    readonly CheckResults _results;

    public CheckResultsTests() => _results = new CheckResults(_intake, _memory, _counters, _problems, _clock);

    public ValueTask DisposeAsync() => _results.DisposeAsync();

    [Fact]
    public async Task What_runs_together_is_one_write()
    {
        foreach (var check in new[] { "cpu", "memory", "load" }) _results.Add(Result(check));
        Assert.Empty(_intake.Writes);

        _clock.Advance(CheckResults.GatherFor);
        await Written(1);

        Assert.Equal(["cpu", "load", "memory"], _intake.Writes.Single().Order());
        Assert.Equal(["cpu.up", "memory.up", "load.up"], _intake.Answers);
        Assert.Equal(0, _memory.WorkBytes);
    }

    [Fact]
    public async Task What_the_store_does_not_take_is_offered_again_in_order_and_once()
    {
        _intake.Trouble = "The disk is full.";
        _results.Add(Result("cpu"));
        _clock.Advance(CheckResults.GatherFor);
        await Until.True("it is told", Patience, () => Task.FromResult(_counters.Read("check_results_postponed") == 1 && _results.WaitingCount == 1));
        _results.Add(Result("load"));
        _intake.Trouble = null;

        _clock.Advance(CheckResults.RetryAfter);
        await Written(1);

        Assert.Equal(["cpu", "load"], _intake.Writes.Single());
        Assert.Equal(["cpu.up", "load.up"], _intake.Answers);
        Assert.Equal("What 1 runs of checks found waits for the store, 600 at most: The disk is full.", Assert.Single(_problems.ReadAll()).Sentence);
        Assert.Equal((0L, 0L), (_counters.Read("check_results_lost"), _memory.WorkBytes));
    }

    [Fact]
    public async Task Beyond_the_bound_the_oldest_are_lost_and_counted_by_check()
    {
        _intake.Trouble = "The disk is full.";
        _results.Add(Result("cpu"));
        for (var i = 0; i < CheckResults.MaxWaiting; i++) _results.Add(Result("load"));

        Assert.Equal((CheckResults.MaxWaiting, 1L), (_results.WaitingCount, _counters.Read("check_results_lost", service: "cpu")));
        _intake.Trouble = null;
        await _results.Write();
        Assert.Equal(CheckResults.MaxWaiting, _intake.Writes.Single().Count);
    }

    [Fact]
    public async Task The_end_writes_what_waits()
    {
        _results.Add(Result("cpu"));
        await _results.DisposeAsync();

        Assert.Equal(["cpu"], _intake.Writes.Single());
    }

    [Fact]
    public async Task A_fault_of_ours_is_told_and_holds_nothing_up()
    {
        _intake.Fault = new InvalidOperationException("oops");
        _results.Add(Result("cpu"));
        await _results.Write();

        Assert.Equal((1L, 0, 0L), (_counters.Read("check_results_lost", service: "cpu"), _results.WaitingCount, _memory.WorkBytes));
        Assert.Equal("What 1 runs of checks found could not be kept, which is a fault of Apm: InvalidOperationException: oops Please report it.", Assert.Single(_problems.ReadAll()).Sentence);
    }

    Task<TimeSpan> Written(int writes) => Until.True("it is written", Patience, () => Task.FromResult(_intake.Writes.Count == writes && _memory.WorkBytes == 0));

    CheckResult Result(string check)
    {
        var plan = new CheckPlan(check, check, CheckPlan.BuiltIn, TimeSpan.FromSeconds(15), () => throw new InvalidOperationException());
        var run = new CheckRun(plan, new PlainSums(() => 0), 1_800_000_000, 100, MemoryBudget.None().OpenWork("runs"));
        run.ServiceCheck(check + ".up", CheckStatus.Ok, [], "");
        return new CheckResult(plan, [new IncomingSeries(check, [], MetricType.Gauge, 15, [new MetricPoint(1_800_000_000, 1)])], run);
    }

    sealed class FailingIntake : IMetricIntake
    {
        public string? Trouble { get; set; }
        public Exception? Fault { get; set; }
        public List<IReadOnlyList<string>> Writes { get; } = [];
        public List<string> Answers { get; } = [];

        public Task<MetricWriteResult> TakeAsync(IReadOnlyList<IncomingSeries> series, CancellationToken cancel = default)
        {
            if (Fault is not null) throw Fault;
            if (Trouble is { } why) throw new StoreUnavailableException(why);
            Writes.Add([.. series.Select(one => one.Metric)]);
            return Task.FromResult(new MetricWriteResult(series.Count, 0));
        }

        public EventRecord Take(EventRecord happened) => happened;

        public void Take(ServiceCheckRun run) => Answers.Add(run.Check);
    }
}
