using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Apm.Cli.Host;
using Apm.Core.Spans;
using Apm.Core.Time;
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

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

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
    /// <param name="files">Files beside the settings, by their path: <c>conf.d/…</c>, <c>checks.d/…</c>.</param>
    public static async Task<SteppedApm> Start(DateTimeOffset at, string host, params (string Path, string Text)[] files)
    {
        var apm = new SteppedApm(at);
        try
        {
            foreach (var (path, text) in files) await apm.Write(path, text);
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
        await Advance(60);
        await Evaluated(end);
    }

    /// <summary>Writes a file beside the settings, as a user does while Apm runs; null deletes it.</summary>
    public async Task Write(string path, string? text)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (text is null) File.Delete(file);
        else await File.WriteAllTextAsync(file, text);
    }

    /// <summary>Goes on by minutes in which checks run when their time comes, and files are read again; what they found of a metric is kept when its minute is evaluated.</summary>
    public async Task Run(int minutes, string metric = "my_metric")
    {
        for (var i = 0; i < minutes; i++)
        {
            var end = (Now / 60 + 1) * 60;
            while (Now < end) await Step(end - Now > 5 ? Math.Min(15, end - Now - 5) : end - Now); // What a run found is written within the step after it.
            var last = _host.Checks.Select(check => check.LastSuccessUnixNanos / UnixTime.NanosPerSecond).DefaultIfEmpty(0).Max();
            await Until.True("what the checks found is kept", Patience, async () =>
            {
                if (last == 0 || (await Json($"/api/v1/query{Keys}&from={last}&to={last + 1}&query=avg:{metric}{{*}}.rollup(avg,1)")).GetProperty("series").GetArrayLength() > 0) return true;
                if (Now < end + 5) await Step(1); // One ran within the last step, or the write still goes on.
                return false;
            }, () => $"Now {Now}, last {last}: {string.Join("; ", _host.Checks)}");
            await Step(10);
            await Evaluated(end);
        }
    }

    /// <summary>A few seconds pass; what is due begins, and has ended when this completes.</summary>
    async Task Step(long seconds)
    {
        await Advance(seconds);
        await Until.True("the checks that were due have run", Patience, () => Task.FromResult(_host.Checks.All(check => !check.IsRunning)));
    }

    Task<TimeSpan> Evaluated(long minute) => Until.True("the monitors of the minute are evaluated", Patience, () =>
    {
        var canGoOn = Now < minute + 50 && _host.HasDelivered;
        if (_host.MonitorsEvaluatedUnixSeconds >= minute) return Task.FromResult(true);
        if (canGoOn) Clock.Advance(TimeSpan.FromSeconds(1)); // The round before was not over when the clock struck.
        return Task.FromResult(false);
    });

    /// <summary>Goes on when all that is due is delivered: a picture must not run out of time because the clock leaps while it is drawn.</summary>
    async Task Advance(long seconds)
    {
        await Until.True("what is due is delivered", Patience, () => Task.FromResult(_host.HasDelivered));
        Clock.Advance(TimeSpan.FromSeconds(seconds));
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

    /// <summary>The values of a query over the past seconds, of all its series.</summary>
    public async Task<IReadOnlyList<double>> Points(string query, int seconds)
    {
        var answer = await Json($"/api/v1/query{Keys}&from={Now - seconds}&to={Now}&query={Uri.EscapeDataString(query)}");
        return [.. answer.GetProperty("series").EnumerateArray().SelectMany(series => series.GetProperty("pointlist").EnumerateArray()).Select(point => point[1].GetDouble())];
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
