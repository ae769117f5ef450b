using Apm.Endurance.Crash;
using Apm.EndToEnd.Tests.Running;

namespace Apm.EndToEnd.Tests;

/// <summary>The short forms of <c>tests/Endurance -- crash</c> and <c>crash-metrics</c>.</summary>
[Collection(OneAfterTheOther.Name)]
public class KilledAtRandomTests
{
    [Fact]
    public async Task Killed_at_random_instants_under_load_nothing_acknowledged_is_missing_or_counted_twice()
    {
        var folder = Path.Combine(Path.GetTempPath(), "apm-e2e-" + Guid.NewGuid().ToString("N")[..8]);
        using var run = new CrashRun(folder, new HttpClient(new SocketsHttpHandler { UseProxy = false }), seed: 11);
        try
        {
            for (var round = 0; round < 3 && run.Faults.Count == 0; round++) await run.Round(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(900));
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }

        Assert.True(run.Faults.Count == 0, string.Join('\n', run.Faults));
        Assert.True(run.Acknowledged > 20, $"only {run.Acknowledged} bodies were acknowledged");
    }

    [Fact]
    public async Task Killed_while_metrics_arrive_what_was_acknowledged_or_could_be_asked_for_is_there_once()
    {
        var folder = Path.Combine(Path.GetTempPath(), "apm-e2e-" + Guid.NewGuid().ToString("N")[..8]);
        using var run = new MetricCrashRun(folder, new HttpClient(new SocketsHttpHandler { UseProxy = false }), seed: 11);
        try
        {
            await run.Round(TimeSpan.FromMilliseconds(700), isKill: true);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }

        Assert.True(run.Faults.Count == 0, string.Join('\n', run.Faults));
        Assert.True(run.Acknowledged > 5, $"only {run.Acknowledged} bodies were acknowledged");
    }
}
