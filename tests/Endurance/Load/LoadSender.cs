using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Apm.Core.Ids;
using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary>Sends payloads at a rate, from a few connections, until told to stop.</summary>
public sealed class LoadSender(AgentProcess agent, HttpClient http, IReadOnlyList<ShopPayload> payloads, long spansPerSecond)
{
    const int Connections = 4;

    /// <summary>One payload in so many leaves a trace id to ask for.</summary>
    const int PayloadsPerSample = 200;

    readonly ConcurrentQueue<TraceId> _samples = new();
    long _acknowledged, _refused, _bytes, _acknowledgedPayloads;

    /// <summary>Spans answered 2xx.</summary>
    public long AcknowledgedSpans => Interlocked.Read(ref _acknowledged);

    /// <summary>Payloads answered 429 or 503.</summary>
    public long RefusedPayloads => Interlocked.Read(ref _refused);

    public long SentBytes => Interlocked.Read(ref _bytes);

    /// <summary>Ids of some traces that were answered 2xx, about in the order in which they were sent.</summary>
    public IReadOnlyCollection<TraceId> SampleTraceIds => _samples;

    /// <summary>Sends until cancelled.</summary>
    /// <exception cref="InvalidOperationException">An answer that is neither 2xx nor 429 nor 503.</exception>
    public Task Run(CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var planned = 0L;
        return Task.WhenAll(Enumerable.Range(0, Connections).Select(connection => Task.Run(async () =>
        {
            var chance = new Random(connection + Environment.TickCount); // Other ids in each run: a store of an earlier one may be there.
            while (!cancel.IsCancellationRequested)
            {
                var payload = payloads[chance.Next(payloads.Count)];
                var due = TimeSpan.FromSeconds((double)Interlocked.Add(ref planned, payload.SpanCount) / spansPerSecond);
                if (due > clock.Elapsed) await Task.Delay(due - clock.Elapsed, CancellationToken.None);
                await Send(payload, chance);
            }
        }, CancellationToken.None)));
    }

    async Task Send(ShopPayload payload, Random chance)
    {
        var body = payload.Stamped(TimeProvider.System.NowUnixNanos(), chance);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
        using var answer = await http.PutAsync(new Uri($"http://127.0.0.1:{agent.AgentPort}/v0.4/traces"), content);
        if (answer.IsSuccessStatusCode)
        {
            Interlocked.Add(ref _acknowledged, payload.SpanCount);
            Interlocked.Add(ref _bytes, payload.ByteCount);
            if (Interlocked.Increment(ref _acknowledgedPayloads) % PayloadsPerSample == 1) _samples.Enqueue(payload.FirstTraceIdOf(body));
        }
        else if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
        {
            Interlocked.Increment(ref _refused);
            await Task.Delay(200); // A client would wait longer.
        }
        else throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }
}
