using Apm.Cli.Commands;
using Apm.Monitors.Scripts;
using Apm.TestKit;

namespace Apm.Cli.Tests.Commands;

/// <summary>Runs the scripts in <c>tests/MonitorScripts</c>; what they may say stands in docs/monitor-scripts.md.</summary>
public sealed class MonitorCommandTests : IDisposable
{
    const string Monitor = "monitor\n    {\"type\":\"metric alert\",\"name\":\"M\",\"query\":\"avg(last_5m):avg:m{*} > 10\",\"message\":\"at {{value}} @you@example.com\"}\n";

    readonly string _folder = Directory.CreateTempSubdirectory("monitor").FullName;

    public static TheoryData<string> Scripts() => [.. Directory.GetFiles(Path.Combine(Fixtures.RepoRoot, "tests", "MonitorScripts"), "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Holds(string script) =>
        Assert.All(MonitorCommand.RunFile(Path.Combine(Fixtures.RepoRoot, "tests", "MonitorScripts", script)), check => Assert.True(check.Holds, $"{script}, {check}"));

    [Fact]
    public void Each_expectation_is_said_to_hold_or_what_came_instead()
    {
        var (code, output, _) = Run(Monitor + "\nload gauge every 60s\n    m{}   1*5 20*10 1*10\n\nexpect to 30m\n    8m   Triggered\n         says at 8.6\n    9m   Warn\n    21m  Recovered\n");

        Assert.Equal(1, code);
        Assert.Equal("""
              WRONG  line 8: 8m   Triggered: it does not say "at 8.6", but: at 12.4 @you@example.com / m over * was > 10.0 on average during the last 5m. / The monitor was last triggered at Sun Mar 01 2026 10:08:00 UTC.
              WRONG  line 10: 9m   Warn: nothing came
              WRONG  line 11: 21m  Recovered: nothing came then; the nearest is 18m Recovered (value 8.6)
              WRONG  line 7: 18m Recovered (value 8.6): came, and nobody expected it
            SCRIPT: 0 of 4 hold

            """.ReplaceLineEndings("\n"), output);
    }

    [Fact]
    public void Nothing_may_be_what_is_expected()
    {
        var (code, output, _) = Run(Monitor + "\nload gauge every 60s\n    m{}   1*30\n\nexpect to 30m\n");

        Assert.Equal((0, "  ok     line 7: nothing is told: as expected\nSCRIPT: 1 of 1 hold\n"), (code, output));
    }

    [Theory]
    [InlineData("monitr\n", "line 1, column 1: \"monitr\" is nothing that a script says. There are: start, monitor, slo, load … every, hosts, downtime, expect to, expect from … to.")]
    [InlineData("monitor\n    {\"type\":\"metric alert\",\n     \"query\" \"x\"}\n", "line 3, column 14: This is not JSON: '\"' is invalid after a property name. Expected a ':'.")]
    [InlineData("monitor\n    {\"type\":\"metric alert\", \"query\":\"avg(last_5m):avg:m{*} >\"}\n", "line 2, column 29: The value provided for parameter 'query' is invalid The query ends at column 24; expected a number after \">\".")]
    [InlineData("monitor missing.json\n", "line 1, column 9: missing.json cannot be read: ")]
    [InlineData("load gauge every 60s\n    m{} one\n", "line 2, column 5: \"one\" is no number.")]
    [InlineData("load gauge every 60\n    m{} 1\n", "line 1, column 18: \"60\" is no length of time. Write one such as 15s, 5m, 14h.")]
    [InlineData("downtime * until 5m\n", "line 1, column 10: Write: downtime SCOPE from TIME to TIME, or: downtime SCOPE from 2026-03-07T19:00 for 14h in America/New_York every FREQ=WEEKLY;BYDAY=SA,SU")]
    [InlineData("downtime * from 5m to 4m\n", "line 1, column 10: The downtime's 'end' must be after its 'start'.")]
    [InlineData("downtime * from 2026-03-07T19:00 for 1h in Nowhere\n", "line 1, column 44: \"Nowhere\" is no time zone. Write a name such as America/New_York or UTC.")]
    [InlineData("expect to 5m\n    4m Alarm\n", "line 2, column 8: \"Alarm\" begins with nothing that is told. There are: Triggered, Warn, No Data, Unknown, Recovered, Re-Triggered, Re-Warn, Re-No Data.")]
    [InlineData("expect to 5m\n    4m Warn twice\n", "line 2, column 13: \"twice\" is not understood. Behind what is told comes: on GROUP, of MONITOR.")]
    [InlineData("expect to 5m\n    4m two mails to a@b.c\n", "line 2, column 8: \"two\" is no number of mails. Write: 9m 3 mails to you@example.com")]
    [InlineData("expect to 5m\n    4m 2 mails\n", "line 2, column 15: Here stands to whom. Write: 9m 3 mails to you@example.com, and behind it, with several monitors: of MONITOR")]
    [InlineData("load events every 60s\n    deploy{} many\n", "line 2, column 5: \"many\" is no number of events or spans. Write how many there are at each step, such as 2*5 _ 1.")]
    [InlineData("load spans every 60s\n    flask.request{duration:long} 1\n", "line 2, column 5: \"long\" is no duration. Write one such as 250ms or 1.5s.")]
    [InlineData("load spans every 60s\n    flask.request{} 200001\n", "line 2, column 5: A script has 200000 events and spans at most.")]
    [InlineData("slo\n", "line 1, column 1: Here an objective should stand, as JSON in the lines below, or the name of a file behind it: slo my-metric.json")]
    [InlineData("slo\n    {\"type\":\"metric\",\"name\":\"x\"}\n", "line 1, column 1: The parameter 'thresholds' is required: at least one, such as {\"timeframe\":\"30d\",\"target\":99.9}.")]
    [InlineData("monitor\n    {\"type\":\"slo alert\", \"query\":\"error_budget(\\\"None\\\").over(\\\"7d\\\") > 75\"}\n", "line 2, column 26: The value provided for parameter 'query' is invalid There is no objective \"None\".")]
    [InlineData("expect to soon\n", "line 1, column 11: \"soon\" is no time. Write 14m or 1h30m from the start, or a time such as 2026-03-08T07:00:00Z.")]
    [InlineData("hosts\n    a env:prod\n", "line 1, column 1: The script expects nothing. Add a line such as: expect to 20m")]
    public void What_is_no_script_is_said_with_its_place(string script, string sentence)
    {
        var (code, _, errors) = Run(script);

        Assert.Equal(2, code);
        Assert.StartsWith($"apm: SCRIPT, {sentence}", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Mails_that_do_not_come_so_are_told_with_those_that_do()
    {
        var (code, output, _) = Run(Monitor + "\nload gauge every 60s\n    m{}   1*5 20*10\n\nexpect to 10m\n    8m  Triggered\n    8m  2 mails to you@example.com\n    9m  1 mail to you@example.com\n");

        Assert.Equal(1, code);
        Assert.Contains("  WRONG  line 9: 8m  2 mails to you@example.com: there is 1: [Triggered] M\n  WRONG  line 10: 9m  1 mail to you@example.com: there is none\n", output, StringComparison.Ordinal);
    }

    (int Code, string Output, string Errors) Run(string script)
    {
        var path = Path.Combine(_folder, "script.txt");
        File.WriteAllText(path, script);
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = MonitorCommand.Run([path], output, errors);
        return (code, output.ToString().Replace(path, "SCRIPT", StringComparison.Ordinal), errors.ToString().Replace(path, "SCRIPT", StringComparison.Ordinal));
    }
}
