using System.Globalization;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;

namespace Apm.EndToEnd.Tests;

/// <summary>The monitor that comes with the dogs, over what their collars send: silent on a usual day, and loud when a squirrel comes.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed partial class DogCollarTests
{
    const int SquirrelMinute = 25;

    static readonly string Sample = Path.Combine(Fixtures.RepoRoot, "samples", "dog-collar");

    [Fact]
    public async Task The_monitor_tells_of_both_dogs_when_the_squirrel_comes_and_not_before()
    {
        var activity = await Walk(minutes: 40);
        await using var apm = await SteppedApm.Start(new DateTimeOffset(2024, 11, 1, 15, 0, 10, TimeSpan.Zero), "garden");
        await apm.Send("/api/v1/monitor", await File.ReadAllTextAsync(Path.Combine(Sample, "monitor.json")));
        var begin = apm.Now / 60 * 60;
        for (var minute = 0; minute < 40; minute++)
        {
            // DogStatsD keeps of a gauge the last value of ten seconds.
            foreach (var (dog, values) in activity)
            {
                var points = Enumerable.Range(0, 6).Select(i => minute * 60 + i * 10).Select(second => string.Create(CultureInfo.InvariantCulture, $"[{begin + second},{values[second + 9]}]"));
                await apm.Send("/api/v1/series", $$"""{"series":[{"metric":"dog.activity","type":"gauge","interval":10,"points":[{{string.Join(',', points)}}],"tags":["dog:{{dog}}"]}]}""");
            }
            await apm.Pass();
        }

        var mails = await apm.Mails(2);
        var alerts = mails.Where(mail => mail.Subject!.Contains("Triggered", StringComparison.Ordinal)).ToList();
        Assert.Equal(["biscuit", "juno"], alerts.Select(mail => Regex.Match(mail.Subject!, @"\{dog:(\w+)\}").Groups[1].Value).Order());
        Assert.All(alerts, mail => Assert.InRange((mail.Date.ToUnixTimeSeconds() - begin) / 60, SquirrelMinute + 1, SquirrelMinute + 6));
        Assert.All(alerts, mail => Assert.Contains("Look at the fence.", mail.TextBody, StringComparison.Ordinal));
        Assert.DoesNotContain(alerts, mail => mail.Date.ToUnixTimeSeconds() < begin + SquirrelMinute * 60);
    }

    /// <summary>What the collars say of each dog's activity, second by second.</summary>
    static async Task<Dictionary<string, List<double>>> Walk(int minutes)
    {
        var (_, collars) = await RunningProgram.ToEnd(RunningProgram.Start([Built.Python, Path.Combine(Sample, "dog_collar.py"), "--print", "--seed", "7", "--ticks", $"{minutes * 60}", "--squirrel", $"{SquirrelMinute * 60}"]));
        return collars.Output.Select(line => Activity().Match(line)).Where(match => match.Success)
            .GroupBy(match => match.Groups[2].Value).ToDictionary(dog => dog.Key, dog => dog.Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToList());
    }

    [GeneratedRegex(@"^dog\.activity:([\d.]+)\|g\|#dog:(\w+)")]
    private static partial Regex Activity();
}
