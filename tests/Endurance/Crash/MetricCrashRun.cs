using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Crash;

/// <summary>
/// Ends the agent at random instants, by SIGKILL or SIGTERM, while points arrive by DogStatsD and by the API, on one data folder, and checks after each
/// start what is there.
/// </summary>
/// <remarks>
/// The API acknowledges: what it answered must be there, once; a body without an answer may be there, but whole. DogStatsD acknowledges nothing: what could
/// be asked for before the end must be there after it, and never more than was sent. After SIGTERM nothing at all is missing, though the bucket of ten seconds was
/// open and the next life goes on in it.
/// </remarks>
public sealed class MetricCrashRun(string folder, HttpClient http, int seed) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What each type of DogStatsD comes to when its points are summed up: as many as samples were sent.</summary>
    static readonly (string Name, string Query)[] Types =
    [
        ("counter", "sum:crash.c{*}.as_count().rollup(sum, 10)"),
        ("histogram", "sum:crash.h.count{*}.as_count().rollup(sum, 10)"),
        ("set", "sum:crash.s{*}.rollup(sum, 10)"),
        ("distribution", "count:crash.d{*}.as_count().rollup(10)"),
    ];

    /// <summary>Values of one body of <c>distribution_points</c>.</summary>
    const int ValuesPerBody = 5;

    /// <summary>Bodies of one sender in a life: each has a second of its own within the past hour.</summary>
    const int MaxBodies = 2_800;

    readonly Random _chance = new(seed);
    readonly (int Agent, int Ui) _ports = AgentProcess.FreePorts();
    readonly int _udp = AgentProcess.FreeUdpPort();
    readonly long _begin = TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;
    readonly Dictionary<string, long> _known = Types.ToDictionary(type => type.Name, _ => 0L);
    long _sample;
    int _life;

    /// <summary>Samples sent by DogStatsD; bodies that the API acknowledged.</summary>
    public long Samples { get; private set; }
    public long Acknowledged { get; private set; }

    /// <summary>Bodies without an answer; of them kept all the same.</summary>
    public long Unanswered { get; private set; }
    public long KeptUnanswered { get; private set; }

    /// <summary>Samples that went with a bucket which was open when the agent was killed.</summary>
    public long LostWithOpenBuckets { get; private set; }

    /// <summary>Ends by SIGKILL and by SIGTERM; of the latter those after which the next life began within the same bucket.</summary>
    public int Kills { get; private set; }
    public int Stops { get; private set; }
    public int ResumedBuckets { get; private set; }

    /// <summary>What is wrong, in sentences.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>One life: load, an end, a start that checks.</summary>
    /// <param name="isKill">SIGKILL; else SIGTERM.</param>
    public async Task Round(TimeSpan load, bool isKill)
    {
        _life++;
        var (series, distributions) = (new Sent(), new Sent());
        long samples;
        var seen = new Dictionary<string, long>();
        long endedInBucket;
        await using (var agent = await AgentProcess.Start(folder, http, _ports, _udp))
        {
            using var end = new CancellationTokenSource();
            using var endApi = new CancellationTokenSource();
            var lines = SendLines(end.Token);
            var api = new[] { Post(agent, "/api/v1/series", SeriesBody, series, endApi.Token), Post(agent, "/api/v1/distribution_points", DistributionBody, distributions, endApi.Token) };
            await Task.Delay(load);
            if (isKill)
            {
                seen = await Totals(agent);
                await agent.Kill(); // The senders are at it.
                Kills++;
                await end.CancelAsync();
            }
            else
            {
                await end.CancelAsync();
                await endApi.CancelAsync();
                await Task.WhenAll(api);
                var sent = await lines;
                await WaitUntil("all lines were read", async () => await agent.Counter("dogstatsd_lines", "metric") == sent);
                await agent.Stop();
                Stops++;
            }
            endedInBucket = Bucket();
            await endApi.CancelAsync();
            samples = await lines / Types.Length;
            await Task.WhenAll(api);
        }
        Samples += samples;
        await using var next = await AgentProcess.Start(folder, http, _ports, _udp);
        if (!isKill && Bucket() == endedInBucket) await GoesOn(next, samples);
        await CheckLines(next, isKill, samples, seen);
        await CheckApi(next, "crash.api.a", "crash.api.b", series, 1);
        await CheckApi(next, "crash.api.d", null, distributions, ValuesPerBody);
        await next.Stop();
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>One more sample of each type in the bucket that was open when the agent was stopped: they must add up.</summary>
    async Task GoesOn(AgentProcess agent, long samples)
    {
        ResumedBuckets++;
        Send(Sample());
        await WaitUntil("the lines were read", async () => await agent.Counter("dogstatsd_lines", "metric") == Types.Length);
        Samples++;
        foreach (var (name, _) in Types) _known[name]++;
        var bucket = Bucket();
        await WaitUntil("the bucket is over and its points are there", async () => Bucket() > bucket && (await Totals(agent))["counter"] >= _known["counter"] + samples, giveUpQuietly: true);
    }

    /// <summary>Packets of one sample of each type, until told to stop.</summary>
    /// <returns>Lines sent.</returns>
    async Task<long> SendLines(CancellationToken end)
    {
        var sent = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, _udp);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(end);
                socket.Send(Sample());
                sent += Types.Length;
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException)
            {
                break; // Nobody listens any more.
            }
        }
        return sent;
    }

    void Send(byte[] packet)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SendTo(packet, new IPEndPoint(IPAddress.Loopback, _udp));
    }

    byte[] Sample()
    {
        var number = Interlocked.Increment(ref _sample);
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"crash.c:1|c\ncrash.h:{number % 7}|h\ncrash.s:{number}|s\ncrash.d:{number % 9}|d"));
    }

    /// <summary>Posts one body after the other until one is not answered.</summary>
    async Task Post(AgentProcess agent, string path, Func<long, string> body, Sent sent, CancellationToken end)
    {
        var start = TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond - 3_000;
        for (var i = 0; i < MaxBodies && !end.IsCancellationRequested; i++)
        {
            try
            {
                using var content = new StringContent(body(start + i), Encoding.UTF8, "application/json");
                using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{agent.UiPort}{path}?api_key=any"), content, CancellationToken.None);
                var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                if (answer.IsSuccessStatusCode) sent.Acknowledged++;
                else lock (Faults) Faults.Add($"{path} was answered {(int)answer.StatusCode}: {text}");
            }
            catch (HttpRequestException)
            {
                sent.Unanswered++;
                return;
            }
        }
    }

    string SeriesBody(long second) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"series":[{"metric":"crash.api.a","type":"count","points":[[{{second}},1]],"tags":["life:{{_life}}"]},{"metric":"crash.api.b","type":"count","points":[[{{second}},1]],"tags":["life:{{_life}}"]}]}""");

    string DistributionBody(long second) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"series":[{"metric":"crash.api.d","points":[[{{second}},[1,2,3,4,5]]],"tags":["life:{{_life}}"]}]}""");

    async Task CheckLines(AgentProcess agent, bool isKill, long samples, Dictionary<string, long> seen)
    {
        foreach (var (name, found) in await Totals(agent))
        {
            var most = _known[name] + samples;
            if (isKill)
            {
                if (found < seen[name]) Faults.Add($"life {_life}: of the {name} {seen[name]} samples could be asked for before the kill; {found} are there after it.");
                if (name == "counter") LostWithOpenBuckets += Math.Max(0, most - found);
            }
            else if (found < most) Faults.Add($"life {_life}: of the {name} {most} samples were sent before the agent was stopped; {found} are there.");
            if (found > most) Faults.Add($"life {_life}: of the {name} {most} samples were sent at most; {found} are there: some count twice.");
            _known[name] = found;
        }
    }

    async Task CheckApi(AgentProcess agent, string metric, string? twin, Sent sent, int perBody)
    {
        Acknowledged += sent.Acknowledged;
        Unanswered += sent.Unanswered;
        var count = perBody == 1 ? "sum" : "count";
        string Query(string name) => $"{count}:{name}{{life:{_life}}}.as_count().rollup({(perBody == 1 ? "sum, " : "")}60)";
        var found = await Total(agent, Query(metric), _begin - 4_000);
        var (least, most) = (sent.Acknowledged * perBody, (sent.Acknowledged + sent.Unanswered) * perBody);
        if (found < least) Faults.Add($"life {_life}: {least} values of {metric} were acknowledged; {found} are there.");
        if (found > most) Faults.Add($"life {_life}: at most {most} values of {metric} were sent; {found} are there: some count twice.");
        if (found % perBody != 0) Faults.Add($"life {_life}: {found} values of {metric} are there, which is no whole number of bodies of {perBody}.");
        if (found > least) KeptUnanswered++;
        if (twin is not null && await Total(agent, Query(twin), _begin - 4_000) is var other && other != found) Faults.Add($"life {_life}: {metric} has {found} points and {twin} of the same bodies {other}: half a body.");
    }

    async Task<Dictionary<string, long>> Totals(AgentProcess agent)
    {
        var totals = new Dictionary<string, long>();
        foreach (var (name, query) in Types) totals[name] = await Total(agent, query, _begin - 60);
        return totals;
    }

    static async Task<long> Total(AgentProcess agent, string query, long from)
    {
        var to = TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond + 60;
        var answer = (await agent.Get(string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?from={from}&to={to}&query={Uri.EscapeDataString(query)}")))!.Value;
        return (long)Math.Round(answer.GetProperty("series").EnumerateArray()
            .Sum(series => series.GetProperty("pointlist").EnumerateArray().Select(point => point[1]).Where(value => value.ValueKind == JsonValueKind.Number).Sum(value => value.GetDouble())));
    }

    static long Bucket() => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond / 10;

    async Task WaitUntil(string what, Func<Task<bool>> isSo, bool giveUpQuietly = false)
    {
        var until = TimeProvider.System.NowUnixNanos() + (Patience.Ticks * UnixTime.NanosPerTick);
        while (!await isSo())
        {
            if (TimeProvider.System.NowUnixNanos() > until)
            {
                if (!giveUpQuietly) Faults.Add($"life {_life}: {what}: not so after {Patience.TotalSeconds:0} s.");
                return;
            }
            await Task.Delay(50);
        }
    }

    sealed class Sent
    {
        public long Acknowledged { get; set; }
        public long Unanswered { get; set; }
    }
}
