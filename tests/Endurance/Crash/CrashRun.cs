using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Crash;

/// <summary>
/// Kills the agent at random instants under load, on one data folder, and checks after each start that what was
/// acknowledged is there once and counted once. A body without an answer may be there or not, but whole, and then it counts too.
/// </summary>
public sealed class CrashRun(string folder, HttpClient http, int seed) : IDisposable
{
    /// <summary>Traces looked up by id after each kill, of those acknowledged in the round.</summary>
    const int Lookups = 40;

    readonly Random _chance = new(seed);
    readonly (int Agent, int Ui) _ports = AgentProcess.FreePorts();
    readonly Dictionary<string, long> _hits = CrashBody.Kinds.ToDictionary(kind => "crash-" + kind, _ => 0L);
    readonly long _begin = TimeProvider.System.NowUnixNanos();
    long _statsInDoubt;

    /// <summary>Spans that must be in the store now.</summary>
    public long Spans { get; private set; }

    /// <summary>Bodies answered 2xx; bodies without an answer; those of them that were kept all the same.</summary>
    public long Acknowledged { get; private set; }
    public long Unanswered { get; private set; }
    public long KeptUnanswered { get; private set; }

    /// <summary>What is wrong, in sentences.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>One life: start, check what earlier lives left, load, kill.</summary>
    public async Task Round(TimeSpan shortest, TimeSpan longest)
    {
        await using var agent = await AgentProcess.Start(folder, http, _ports);
        var load = shortest + ((longest - shortest) * _chance.NextDouble());
        var (acknowledged, unanswered) = (new ConcurrentBag<CrashBody>(), new ConcurrentBag<CrashBody>());
        using var end = new CancellationTokenSource();
        var senders = CrashBody.Kinds.Select((kind, i) => Send(agent, kind, new Random(_chance.Next()), acknowledged, unanswered, end.Token)).ToList();
        await Task.Delay(load);
        await agent.Kill();
        await end.CancelAsync();
        await Task.WhenAll(senders);
        Acknowledged += acknowledged.Count;
        Unanswered += unanswered.Count;
        foreach (var body in acknowledged) Count(body);
        await Check([.. acknowledged], [.. unanswered]);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    async Task Send(AgentProcess agent, string kind, Random chance, ConcurrentBag<CrashBody> acknowledged, ConcurrentBag<CrashBody> unanswered, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var body = CrashBody.Make(kind, chance);
            try
            {
                using var content = new ByteArrayContent(body.Bytes);
                content.Headers.ContentType = new MediaTypeHeaderValue(body.ContentType);
                using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{agent.AgentPort}{body.Path}"), content, CancellationToken.None);
                var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                if (answer.IsSuccessStatusCode) acknowledged.Add(body);
                else lock (Faults) Faults.Add($"{kind} was answered {(int)answer.StatusCode}: {text}");
            }
            catch (HttpRequestException)
            {
                unanswered.Add(body);
                return; // Killed.
            }
        }
    }

    /// <summary>In a life of its own, which ends with a kill as well.</summary>
    async Task Check(List<CrashBody> acknowledged, List<CrashBody> unanswered)
    {
        await using var agent = await AgentProcess.Start(folder, http, _ports);
        foreach (var body in unanswered)
        {
            if (body.Traces.Count == 0)
            {
                _statsInDoubt += body.Hits;
                continue;
            }
            var found = 0;
            foreach (var trace in body.Traces) found += await Found(agent, trace);
            if (found != 0 && found != body.SpanCount) Faults.Add($"{found} of {body.SpanCount} spans of an unanswered {body.Service} body are there: half a payload.");
            if (found == 0) continue;
            KeptUnanswered++;
            Count(body);
        }
        for (var i = 0; i < Lookups && acknowledged.Count > 0; i++)
        {
            // The last ones are those that a crash endangers.
            var body = acknowledged[i % 2 == 0 ? _chance.Next(acknowledged.Count) : Math.Min(i, acknowledged.Count - 1)];
            if (body.Traces.Count == 0) continue;
            var trace = body.Traces[_chance.Next(body.Traces.Count)];
            var found = await Found(agent, trace);
            if (found != CrashBody.SpansPerTrace) Faults.Add($"trace {trace} of {body.Service} was acknowledged with {CrashBody.SpansPerTrace} spans; {found} are there.");
        }
        var stored = await agent.Traces("spanCount");
        if (stored != Spans) Faults.Add($"{Spans} spans were acknowledged or found; the store holds {stored}.");
        foreach (var (service, hits) in _hits)
        {
            var counted = await Hits(agent, service);
            var most = hits + (service == "crash-stats" ? _statsInDoubt : 0);
            if (counted < hits || counted > most) Faults.Add($"{service}: {hits} hits were acknowledged (at most {most}); {counted} are counted.");
        }
        if (await LedgerTotals.Read(agent) is { } ledger && (!ledger.Balances || ledger.Stored != Spans)) Faults.Add($"The ledger does not say that {Spans} spans are stored: {ledger}.");
    }

    void Count(CrashBody body)
    {
        Spans += body.SpanCount;
        _hits[body.Service] += body.Hits;
    }

    /// <summary>Spans of a trace, each id once; −1 when an id is there twice.</summary>
    static async Task<int> Found(AgentProcess agent, TraceId trace)
    {
        if (await agent.Get($"/jaeger/api/traces/{trace}") is not { } answer || answer.GetProperty("data").GetArrayLength() == 0) return 0;
        var ids = answer.GetProperty("data")[0].GetProperty("spans").EnumerateArray().Select(span => span.GetProperty("spanID").GetString()).ToList();
        return ids.Distinct().Count() == ids.Count ? ids.Count : -1;
    }

    async Task<long> Hits(AgentProcess agent, string service)
    {
        var (from, to) = ((_begin / UnixTime.NanosPerSecond) - 600, (TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond) + 600);
        var query = Uri.EscapeDataString($"sum:trace.{CrashBody.Operation}.hits{{service:{service}}}.as_count()");
        var series = (await agent.Get(string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?from={from}&to={to}&query={query}")))!.Value.GetProperty("series");
        if (series.GetArrayLength() == 0) return 0;
        return (long)Math.Round(series[0].GetProperty("pointlist").EnumerateArray().Select(point => point[1]).Where(value => value.ValueKind == JsonValueKind.Number).Sum(value => value.GetDouble()));
    }
}
