using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Apm.Cli.Launch;
using Apm.TestKit;

namespace Apm.Cli.Tests.Doctor;

/// <summary>The places besides <c>GET /api/doctor</c> where a verdict is told: the Doctor screen, the command, the empty list, the launcher.</summary>
static partial class Places
{
    /// <summary>How soon each must tell it.</summary>
    static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    static readonly string Apm = Path.Combine(Fixtures.RepoRoot, "src/Cli/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "apm.dll");

    /// <summary>What grows while one looks is left out of comparisons: "in 8 s", "2 min ago".</summary>
    public static string Timeless(string sentence) => Times().Replace(sentence, "…");

    /// <summary>The Doctor screen and the command say it as the report does; where it is a fault, so does a list of traces that is empty.</summary>
    public static async Task AllSay(DoctorRig rig, string code, string sentence, bool isNote)
    {
        await Until.True($"/doctor says {code}", Within, async () =>
        {
            var page = WebUtility.HtmlDecode(await rig.Http.GetStringAsync(new Uri(rig.Ui, "/doctor")));
            return page.Contains(isNote ? $"data-code=\"{code}\"" : $"data-verdict=\"{code}\"", StringComparison.Ordinal) && Timeless(page).Contains(Timeless(sentence), StringComparison.Ordinal);
        });
        var (exitCode, output, errors) = await Command([], "doctor", "--url", rig.Ui.ToString());
        Assert.True(Timeless(output).Contains(Timeless($"{code} {sentence}"), StringComparison.Ordinal), $"apm doctor does not say {code} {sentence}:\n{output}{errors}");
        if (isNote) return;
        Assert.Equal(1, exitCode);
        if (code is "TD01" or "TD34") return; // The empty list says it in other words: how to start, and the app that waits with its routes.
        var list = WebUtility.HtmlDecode(await rig.Http.GetStringAsync(new Uri(rig.Ui, "/traces?from=now-15m")));
        Assert.True(list.Contains($"data-verdict=\"{code}\"", StringComparison.Ordinal) && Timeless(list).Contains(Timeless(sentence), StringComparison.Ordinal), $"The empty list of traces does not say {code} {sentence}: {Said().Match(list)}");
    }

    /// <summary>Where no Apm answers, the launcher and the command say it, each alone.</summary>
    public static async Task LauncherAndCommandSay(string code, string sentence, params (string Name, string Value)[] variables)
    {
        var (exitCode, _, errors) = await Command(variables, "run", "--", "sh", "-c", "exit 7");
        Assert.Equal(7, exitCode);
        Assert.True(Timeless(errors).StartsWith(Timeless($"apm: {code} {sentence}"), StringComparison.Ordinal), $"apm run does not say {code} {sentence}:\n{errors}");
        var (hasVerdict, output, why) = await Command(variables, "doctor", "--url", $"http://localhost:{DoctorRig.FreePort()}");
        Assert.Equal(1, hasVerdict);
        Assert.True(Timeless(output).Contains(Timeless($"{code} {sentence}"), StringComparison.Ordinal), $"apm doctor does not say {code} {sentence}:\n{output}{why}");
    }

    /// <summary>The launcher's one line.</summary>
    public static async Task LauncherSays(LaunchedApp app, string code, string sentence)
    {
        var (said, after) = await app.Watch();
        Assert.True(said is not null, $"The launcher says nothing of {code} {sentence}");
        Assert.Equal((code, Timeless(sentence)), (said.Code, Timeless(said.Sentence)));
        Assert.StartsWith($"{code} ", VerdictLine.Of(said), StringComparison.Ordinal);
        Assert.InRange(after, TimeSpan.Zero, Within);
    }

    /// <summary>The command line as a process of its own, with these variables of tracers and no others.</summary>
    public static async Task<(int Code, string Output, string Errors)> Command((string Name, string Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments.Prepend(Apm)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("APM_", StringComparison.Ordinal) || name.StartsWith("DD_", StringComparison.Ordinal) || name.StartsWith("OTEL_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return (process.ExitCode, await output, await errors);
    }

    [GeneratedRegex(@"\b\d+ (s|min)\b|has received no request in .*?\.")]
    private static partial Regex Times();

    [GeneratedRegex("data-verdict=\"[^\"]*\"")]
    private static partial Regex Said();
}
