using System.Diagnostics;
using System.Text;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>The sample of two dogs sends lines that are right, and the same for the same seed.</summary>
public class DogCollarSampleTests
{
    [Fact]
    public async Task Its_lines_become_series_events_and_checks()
    {
        var lines = await Walk("--print", "--ticks", "300", "--seed", "7");
        var rig = new StatsdRig();

        rig.Lines.Take(Encoding.UTF8.GetBytes(lines), "udp");
        var names = (await rig.After(10)).Split('\n').Select(line => line[..(line.IndexOf('{', StringComparison.Ordinal))]).Distinct();

        Assert.Empty(rig.Problems.ReadAll());
        Assert.Equal(
            ["dog.activity", "dog.collar.battery", "dog.fence.crossings", "dog.heart_rate", "dog.position.latitude", "dog.position.longitude", "dog.smells", "dog.speed", "dog.steps"], names.Order(StringComparer.Ordinal));
        Assert.Equal(["dog:biscuit", "dog:juno"], rig.Checks.SelectMany(run => run.Tags).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(rig.Events, happened => happened is { Title: "Juno went out", AlertType: "warning", Source: "dog-collar" } && happened.Text == "The fence has a hole again.\nLook behind the compost.");
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_walk()
    {
        var first = await Walk("--print", "--ticks", "50", "--seed", "3");

        Assert.Equal(first, await Walk("--print", "--ticks", "50", "--seed", "3"));
        Assert.NotEqual(first, await Walk("--print", "--ticks", "50", "--seed", "4"));
    }

    static async Task<string> Walk(params string[] options)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(Fixtures.RepoRoot, "samples", "dog-collar", "dog_collar.py"));
        foreach (var option in options) start.ArgumentList.Add(option);
        using var process = Process.Start(start)!;
        var lines = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return lines;
    }
}
