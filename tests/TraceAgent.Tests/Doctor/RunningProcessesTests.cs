using Apm.Core.Diagnosis;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.TraceAgent.Doctor.Witness;

namespace Apm.TraceAgent.Tests.Doctor;

public sealed class RunningProcessesTests : IDisposable
{
    const long AgentStarted = 2_000 * UnixTime.NanosPerSecond;

    readonly string _root = Directory.CreateTempSubdirectory("apm-running-").FullName;
    readonly RunningProcesses _running;

    public RunningProcessesTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "self"));
        File.WriteAllText(Path.Combine(_root, "stat"), "cpu 1\nbtime 1000\n");
        _running = new RunningProcesses(new ProcessTable(_root), AgentStarted);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_clock_that_was_set_makes_no_process_another_one()
    {
        Start(42, seconds: 9_000); // By the system's clock at 10,000; our own said 2,100 when it told of itself.
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_100)));
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_100)));
    }

    [Fact]
    public void One_of_its_id_that_came_later_is_another()
    {
        Start(42, seconds: 500);
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_100)));
        Start(42, seconds: 700);
        Assert.False(_running.IsRunning(Seen(42, atSeconds: 2_100)));
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_300) with { RuntimeId = "new" }));
    }

    [Fact]
    public void The_app_of_a_launcher_is_not_taken_for_a_later_one_of_its_id()
    {
        Start(42, seconds: 500);
        var told = new ToldLauncher(new LauncherFacts { Host = "here", ProcessId = 42 }, new ProcessTable(_root).StartTicksOf(42), AgentStarted);
        Assert.NotNull(told.StartTicks);
        Assert.True(_running.IsRunning(told));
        Start(42, seconds: 700);
        Assert.False(_running.IsRunning(told));
    }

    [Fact]
    public void What_an_earlier_run_of_the_agent_saw_is_told_by_the_clock()
    {
        Start(42, seconds: 600); // At 1,600.
        Assert.False(_running.IsRunning(Seen(42, atSeconds: 1_500)));
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 1_700)));
    }

    [Fact]
    public void One_that_ended_runs_no_more_and_without_a_table_nobody_knows()
    {
        Start(42, seconds: 500);
        Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_100)));
        Directory.Delete(Path.Combine(_root, "42"), recursive: true);
        Assert.False(_running.IsRunning(Seen(42, atSeconds: 2_100)));
        Assert.Null(new RunningProcesses(new ProcessTable(Path.Combine(_root, "nowhere")), AgentStarted).IsRunning(Seen(42, atSeconds: 2_100)));
    }

    [Fact]
    public void Beyond_its_bound_it_begins_anew()
    {
        Start(42, seconds: 500);
        for (var i = 0; i <= RunningProcesses.MaxKept; i++) Assert.True(_running.IsRunning(Seen(42, atSeconds: 2_100) with { RuntimeId = $"r{i}" }));
    }

    void Start(int processId, long seconds)
    {
        Directory.CreateDirectory(Path.Combine(_root, $"{processId}"));
        File.WriteAllText(Path.Combine(_root, $"{processId}", "stat"), $"{processId} (app) S 7 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 {seconds * 100} 1");
    }

    static ProcessInfo Seen(int processId, long atSeconds) => new()
    {
        RuntimeId = "r",
        Service = "shop",
        ProcessId = processId,
        FirstSeenUnixNanos = atSeconds * UnixTime.NanosPerSecond,
        LastSeenUnixNanos = atSeconds * UnixTime.NanosPerSecond,
    };
}
