using System.Globalization;
using Apm.Core.Time;
using Apm.TestKit.Shop;

namespace Apm.ShopDemo;

/// <summary>Fills an agent with the shop's history, when whoever started it can turn its clock, and goes on with live traffic until the input ends.</summary>
/// <remarks>
/// An agent counts spans of hours ago as late: in its oldest open bucket, so that a history sent at once would be one peak. So the agent's clock
/// stands at the beginning and follows: before each step this program writes <c>clock UNIXNANOS</c> and reads a line, when the clock has been turned.
/// The spans of a step are then a little ahead of the agent's clock, which it allows.
/// </remarks>
static class DemoRun
{
    /// <summary>History is sent in steps of this length: long enough that payloads are few, and a divisor of the deploys' times, so that the agent learns of a version when it came.</summary>
    static readonly TimeSpan Step = TimeSpan.FromMinutes(2);

    /// <summary>So near now history ends and live traffic takes over; sending takes time, and the last moments would never be reached.</summary>
    static readonly TimeSpan NearEnough = TimeSpan.FromSeconds(5);

    static readonly TimeSpan LiveStep = TimeSpan.FromSeconds(1);
    static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(60);

    const string Usage = """
        usage: ShopDemo AGENT_URL [--history] [--rate REQUESTS_PER_SECOND] [--seed N]

        Sends the generated shop's traffic to an agent until its input ends.
          --history   First fill six hours: for `apm up --demo=shop`, which turns its clock as this program says.
          --rate      Live requests per second; default 20.
          --seed      Of chance; default 1, and without --history the time: ids of an earlier run must not come again.
        """;

    public static async Task<int> Run(string[] arguments, TimeProvider clock, TextReader input, TextWriter output, TextWriter errors)
    {
        var options = arguments.Skip(1).ToList();
        var withHistory = options.Remove("--history");
        // A tracer with 64-bit ids sends the lower half alone: the same ones, beside those of an earlier run, would join traces that have nothing to do with each other.
        var byTime = clock.GetUtcNow().ToUnixTimeSeconds() % int.MaxValue;
        if (arguments.Length == 0 || !Uri.TryCreate(arguments[0], UriKind.Absolute, out var agent) || !Number(options, "--rate", 20, out var rate) || !Number(options, "--seed", withHistory ? 1 : byTime, out var seed) || rate <= 0 || options.Count > 0)
        {
            await errors.WriteLineAsync(Usage);
            return 2;
        }
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        // On a whole minute, easily said; the times of the facts count back from it.
        var now = UnixTime.Floor(clock.NowUnixNanos(), 60 * UnixTime.NanosPerSecond);
        var scenario = new ShopScenario((int)seed, now) { LivePerSecond = rate };
        var sender = new ShopSender(http, agent);
        try
        {
            var sentUpTo = withHistory ? await SendHistory(scenario, sender, clock, input, output) : clock.NowUnixNanos();
            if (!withHistory) await TellOfAll(scenario, sender, "app-started", sentUpTo);
            await output.WriteLineAsync($"ready {now}");
            await output.FlushAsync();
            await GoOn(scenario, sender, clock, sentUpTo, EndOf(input));
            return 0;
        }
        catch (HttpRequestException problem)
        {
            await errors.WriteLineAsync($"The shop's traffic ended: {problem.Message}");
            return 1;
        }
    }

    /// <returns>Up to when all is sent: now.</returns>
    static async Task<long> SendHistory(ShopScenario scenario, ShopSender sender, TimeProvider clock, TextReader input, TextWriter output)
    {
        var at = scenario.At(ShopFacts.History);
        var known = new HashSet<ShopProcess>();
        while (at < clock.NowUnixNanos() - (NearEnough.Ticks * UnixTime.NanosPerTick))
        {
            await Turn(at);
            var next = Math.Min(at + (Step.Ticks * UnixTime.NanosPerTick), clock.NowUnixNanos());
            await TellOfChanges(scenario, sender, known, at);
            await sender.Send(scenario.Requests(new TimeRange(at, next)));
            at = next;
        }
        await Turn(at);
        await TellOfAll(scenario, sender, "app-heartbeat", at);
        return at;

        async Task Turn(long unixNanos)
        {
            await output.WriteLineAsync($"clock {unixNanos}");
            await output.FlushAsync();
            if (await input.ReadLineAsync() is null) throw new HttpRequestException("whoever turns the agent's clock went away.");
        }
    }

    /// <summary>Processes that a deploy ended, and those that it began.</summary>
    static async Task TellOfChanges(ShopScenario scenario, ShopSender sender, HashSet<ShopProcess> known, long at)
    {
        var running = scenario.ProcessesAt(at).ToHashSet();
        foreach (var ended in known.Except(running).ToList())
        {
            await sender.Tell(ended, "app-closing", at);
            known.Remove(ended);
        }
        foreach (var begun in running.Except(known).ToList())
        {
            await sender.Tell(begun, "app-started", at);
            known.Add(begun);
        }
    }

    static async Task TellOfAll(ShopScenario scenario, ShopSender sender, string request, long at)
    {
        foreach (var process in scenario.ProcessesAt(at)) await sender.Tell(process, request, at);
        await sender.TellOfWaitingService("app-started", at);
    }

    static async Task GoOn(ShopScenario scenario, ShopSender sender, TimeProvider clock, long sentUpTo, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(LiveStep, clock);
        var toldAt = sentUpTo;
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                var now = clock.NowUnixNanos();
                if (now <= sentUpTo) continue;
                await sender.Send(scenario.Requests(new TimeRange(sentUpTo, now)), ended);
                sentUpTo = now;
                if (now - toldAt < HeartbeatEvery.Ticks * UnixTime.NanosPerTick) continue;
                toldAt = now;
                await TellOfAll(scenario, sender, "app-heartbeat", now);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Asked to end.
        }
    }

    /// <summary>Cancelled when the input ends: whoever started this program is gone.</summary>
    static CancellationToken EndOf(TextReader input)
    {
        var ended = new CancellationTokenSource();
        _ = Task.Run(() =>
        {
            while (input.ReadLine() is not null) { }
            ended.Cancel();
        });
        return ended.Token;
    }

    /// <summary>Takes an option and its number out of the list.</summary>
    static bool Number(List<string> options, string name, double usual, out double value)
    {
        value = usual;
        var at = options.IndexOf(name);
        if (at < 0) return true;
        if (at + 1 >= options.Count || !double.TryParse(options[at + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return false;
        options.RemoveRange(at, 2);
        return true;
    }
}
