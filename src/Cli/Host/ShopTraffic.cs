using System.Diagnostics;
using System.Globalization;
using Apm.Core.Time;

namespace Apm.Cli.Host;

/// <summary>
/// <c>apm up --demo=shop</c>: a program that generates the traffic of a shop of twelve services. It fills six hours first, while our clock
/// follows it (<see cref="CatchUpClock"/>), and goes on with live requests until we end.
/// </summary>
/// <remarks>
/// The program writes <c>clock UNIXNANOS</c> and reads a line when the clock stands there; then <c>ready UNIXNANOS</c>, the time from which the facts
/// planted in its traffic count back. It ends when its input does, so it does not outlive us.
/// </remarks>
public sealed class ShopTraffic : IAsyncDisposable
{
    /// <summary>How much history is filled.</summary>
    public static TimeSpan History { get; } = TimeSpan.FromHours(6);

    /// <summary>How long the program may take to end when asked.</summary>
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    readonly Process _process;
    readonly Action<string> _say;

    ShopTraffic(Process process, Action<string> say) => (_process, _say) = (process, say);

    /// <summary>The clock to start with: behind by the history and a little more, or the system's own time.</summary>
    public static CatchUpClock ClockFor(bool withHistory) => new(TimeProvider.System, withHistory ? History + TimeSpan.FromMinutes(2) : TimeSpan.Zero);

    /// <summary>Starts the program and returns when the history is filled and live traffic runs.</summary>
    /// <param name="withHistory">The data folder is new. Else only live traffic comes.</param>
    /// <param name="say">Told how it goes.</param>
    /// <returns>Null when it could not be started; it was said why.</returns>
    public static async Task<ShopTraffic?> Start(ApmHost host, CatchUpClock clock, bool withHistory, Action<string> say, CancellationToken cancel)
    {
        try
        {
            if (Find(out var missing) is not { } program)
            {
                say($"apm: {missing}");
                return null;
            }
            var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])[program, $"http://localhost:{host.AgentPort}", .. withHistory ? (string[])["--history"] : []]) start.ArgumentList.Add(argument);
            var traffic = new ShopTraffic(Process.Start(start)!, say);
            traffic._process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is { Length: > 0 } sentence) say($"apm: shop · {sentence}");
            };
            traffic._process.BeginErrorReadLine();
            say(withHistory ? $"apm: filling {History.TotalHours:0} hours of the shop's history …" : "apm: the data folder is in use already, so the shop goes on live, without a history. For one, start with a new --data folder.");
            await traffic.Follow(host, clock, cancel);
            return traffic;
        }
        finally
        {
            clock.CatchUp();
        }
    }

    /// <summary>Whether nothing was ever kept there.</summary>
    public static bool IsNew(string dataFolder) => !Directory.Exists(dataFolder) || !Directory.EnumerateFileSystemEntries(dataFolder).Any();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(StopPatience);
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    async Task Follow(ApmHost host, CatchUpClock clock, CancellationToken cancel)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(cancel) is { } line)
            {
                if (line.Split(' ') is not [var word, var number] || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var unixNanos)) continue;
                if (word == "ready")
                {
                    _say($"apm: the shop is ready after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s. Its now, from which planted facts count back: {UnixTime.ToDateTime(unixNanos):yyyy-MM-dd HH:mm:ss} UTC ({unixNanos / UnixTime.NanosPerMillisecond})");
                    return;
                }
                await host.Settled(); // What still waits to be counted would be late.
                clock.GoOnTo(unixNanos);
                await _process.StandardInput.WriteLineAsync("go");
                await _process.StandardInput.FlushAsync(cancel);
            }
            _say("apm: the shop's program ended before it was ready; what it had sent is there.");
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException)
        {
            _say($"apm: the shop's history was not filled to the end: {problem.Message}");
        }
    }

    static string? Find(out string missing)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name; // The program that was built with this build.
        missing = "the shop is a program of a checkout, and there is none around this build.";
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!File.Exists(Path.Combine(folder, "tests", "ShopDemo", "ShopDemo.csproj"))) continue;
            var program = Path.Combine(folder, "tests", "ShopDemo", "bin", configuration, "net10.0", "Apm.ShopDemo.dll");
            if (File.Exists(program)) return program;
            missing = $"{program} is not built; run dotnet build -c {configuration} tests/ShopDemo.";
            return null;
        }
        return null;
    }
}
