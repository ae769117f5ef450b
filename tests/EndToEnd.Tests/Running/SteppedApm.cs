using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Apm.Cli.Host;
using Apm.Core.Spans;
using Apm.Monitors.Delivery;
using Apm.TestKit;
using Apm.TraceAgent.Metrics;
using Apm.TraceAgent.Receive;
using MimeKit;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>The whole product in the test's own process, with a mail server, over a clock that the test moves: days pass in seconds.</summary>
public sealed class SteppedApm : IAsyncDisposable
{
    const string Keys = "?api_key=k&application_key=a";

    readonly string _folder = Directory.CreateTempSubdirectory("apm-e2e-").FullName;
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(20) };
    readonly SmtpSink _smtp = new();
    ApmHost _host = null!;

    SteppedApm(DateTimeOffset at) => Clock = new SteppedClock(at);

    public SteppedClock Clock { get; }

    public Uri Ui => new(_host.UiUrl);

    public long Now => Clock.GetUtcNow().ToUnixTimeSeconds();

    /// <param name="at">What the clock shows at first; ten seconds behind a whole minute, so that each minute is over when it is evaluated.</param>
    /// <param name="host">What the machine is called.</param>
    /// <param name="check">A Python check that runs every 45 s, as the text of its file; null for none.</param>
    public static async Task<SteppedApm> Start(DateTimeOffset at, string host, string? check = null)
    {
        var apm = new SteppedApm(at);
        try
        {
            if (check is not null)
            {
                Directory.CreateDirectory(Path.Combine(apm._folder, "conf.d"));
                Directory.CreateDirectory(Path.Combine(apm._folder, "checks.d"));
                await File.WriteAllTextAsync(Path.Combine(apm._folder, "conf.d", "walk.yaml"), "init_config:\ninstances:\n  - min_collection_interval: 45\n");
                await File.WriteAllTextAsync(Path.Combine(apm._folder, "checks.d", "walk.py"), check);
            }
            apm._host = await ApmHost.Start(new HostSettings
            {
                DataFolder = Path.Combine(apm._folder, "data"),
                UiPort = 0,
                Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = null, OtlpHttpPort = null, ZipkinPort = null },
                DogStatsD = new DogStatsDSettings { Port = null },
                Checks = new CheckHostSettings { Hostname = host, Folder = apm._folder, HasHostMetrics = false },
                Delivery = new DeliverySettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = apm._smtp.Port, From = "Apm <apm@example.com>" } },
            }, apm.Clock, _ => { });
            return apm;
        }
        catch
        {
            await apm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes on by whole minutes; what is due is evaluated when this completes.</summary>
    public async Task Pass(int minutes = 1)
    {
        var end = (Now / 60 + minutes) * 60;
        // All but the last minute is a jump: nothing fires on the way, as on a machine that slept.
        Clock.Set(TimeSpan.FromSeconds(end - 60 + 10 - Now));
        Clock.Advance(TimeSpan.FromSeconds(60));
        await Until.True("the monitors of the minute are evaluated", TimeSpan.FromSeconds(20), () =>
        {
            if (_host.MonitorsEvaluatedUnixSeconds >= end) return Task.FromResult(true);
            if (Now < end + 50) Clock.Advance(TimeSpan.FromSeconds(1)); // The round before was not over when the clock struck.
            return Task.FromResult(false);
        });
    }

    /// <summary>Goes on by minutes while a gauge comes every 45 s; nothing comes when it has no value.</summary>
    public async Task Live(int minutes, Func<long, double?> valueAt, string metric = "my_metric", string host = "my-host")
    {
        for (var i = 0; i < minutes; i++)
        {
            await Gauge(metric, host, (Now / 60 * 60) + 1, (Now / 60 + 1) * 60, valueAt);
            await Pass();
        }
    }

    /// <summary>Goes on to the next whole hours; of each the last ten minutes are lived, which is what a monitor looks at.</summary>
    public async Task Sleep(int hours, double value, string metric = "my_metric", string host = "my-host")
    {
        for (var i = 0; i < hours; i++)
        {
            var end = (Now / 3600 + 1) * 3600;
            Clock.Set(TimeSpan.FromSeconds(end - 60 + 10 - Now));
            await Gauge(metric, host, end - 600, end, _ => value);
            await Pass();
        }
    }

    /// <summary>A gauge every 45 s.</summary>
    public async Task Gauge(string metric, string host, long from, long to, Func<long, double?> valueAt, int every = 45)
    {
        var points = new List<string>();
        for (var at = (from + every - 1) / every * every; at <= to; at += every)
            if (valueAt(at) is { } value) points.Add(string.Create(CultureInfo.InvariantCulture, $"[{at},{value}]"));
        if (points.Count > 0) await Send("/api/v1/series", $$"""{"series":[{"metric":"{{metric}}","type":"gauge","interval":{{every}},"points":[{{string.Join(',', points)}}],"host":"{{host}}"}]}""");
    }

    /// <summary>Calls Datadog's API.</summary>
    public async Task<JsonElement> Send(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(Ui, path + Keys), body);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"{path}: {(int)answer.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>What a real client sent once, sent again.</summary>
    public Task<JsonElement> Send(string path, byte[] recorded) => Send(path, Encoding.UTF8.GetString(recorded));

    public async Task<string> Page(string path) => await _http.GetStringAsync(new Uri(Ui, path));

    public async Task<JsonElement> Json(string path)
    {
        using var document = JsonDocument.Parse(await Page(path));
        return document.RootElement.Clone();
    }

    /// <summary>Sends traces to the agent; they are counted when this completes.</summary>
    public async Task Trace(params IReadOnlyList<Span>[] traces)
    {
        using var content = new ByteArrayContent(DatadogV04Encoder.Encode(traces));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
        using var answer = await _http.PutAsync(new Uri($"http://127.0.0.1:{_host.AgentPort}/v0.4/traces"), content);
        answer.EnsureSuccessStatusCode();
        await _host.Settled();
    }

    /// <summary>All mails so far, when there are so many.</summary>
    public async Task<IReadOnlyList<MimeMessage>> Mails(int count)
    {
        await Until.True($"{count} mails", TimeSpan.FromSeconds(10), () => Task.FromResult(_smtp.Mails.Count >= count), () => $"There are {_smtp.Mails.Count}: {string.Join(" | ", _smtp.Mails.Select(mail => Read(mail).Subject))}");
        return [.. _smtp.Mails.Select(Read)];
    }

    static MimeMessage Read(SunkMail mail)
    {
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(mail.Data));
        return MimeMessage.Load(bytes);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        await _smtp.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
