using System.Globalization;

namespace Apm.Benchmarks;

/// <summary>What `apm up` takes when nobody sends anything: processor time and memory, on an empty folder, some seconds after its start.</summary>
static class IdleBenchmark
{
    static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(15); // Then what a start leaves to do is done.

    /// <summary>Argument: the seconds to measure for.</summary>
    public static int Run(string[] args)
    {
        RunAsync(TimeSpan.FromSeconds(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 60), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(TimeSpan duration, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-idle").FullName;
        var began = System.Diagnostics.Stopwatch.StartNew();
        var agent = ApmUnderTest.Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await ApmUnderTest.Ready(http);
            var ready = began.Elapsed;
            await Task.Delay(AfterStart);
            agent.Refresh();
            var before = agent.TotalProcessorTime;
            began.Restart();
            await Task.Delay(duration);
            agent.Refresh();
            var share = (agent.TotalProcessorTime - before) / began.Elapsed;
            var mebibytes = agent.WorkingSet64 / 1_048_576;
            output.WriteLine($"ready after {ready.TotalSeconds:F2} s; idle for {began.Elapsed.TotalSeconds:F0} s: {share:P2} of a core, {mebibytes} MiB");
            Figures.Note("start of `apm up` until ready", $"{ready.TotalSeconds:F2} s");
            Figures.Note("idle", $"{100 * share:F2} % of a core, {mebibytes} MiB", "≤ 1 % of a core, ≤ 150 MB");
        }
        finally
        {
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }
}
