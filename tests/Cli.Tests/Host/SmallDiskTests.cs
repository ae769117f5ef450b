using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Apm.Cli.Host;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage;
using Apm.TestKit;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Tests.Host;

/// <summary>The whole process on a small real file system: nearly full, full, without names left, suddenly read-only.</summary>
public sealed class SmallDiskTests : IAsyncLifetime, IDisposable
{
    const long Mebibyte = 1_048_576;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly HttpClient _http = new();
    readonly List<ulong> _acknowledged = [];
    readonly Random _chance = new(7);
    SmallFileSystem? _disk;
    ApmHost? _host;
    ulong _trace;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        _disk?.Dispose();
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Nearly_full_it_refuses_in_order_and_goes_on_by_itself()
    {
        _disk = SmallFileSystem.InMemory(200 * Mebibyte);
        await Start();
        await SendUntil(HttpStatusCode.OK);
        _disk.FillUntilFree(22 * Mebibyte); // 10 MiB, a twentieth, are kept.

        var (text, retryAfter) = await SendUntil(HttpStatusCode.ServiceUnavailable, "The disk of");

        Assert.Matches($"^The disk of {_disk.Folder}/data has [0-9.]+ MiB free, and 10 MiB are kept for what is already in: nothing more is taken in until 12 MiB are free\\. ", text);
        Assert.Equal("5", retryAfter);
        Assert.True(_disk.FreeBytes > 5 * Mebibyte, "The reserve is used up.");
        Assert.True(await Counter("payloads_rejected", "disk_nearly_full") > 0);
        Assert.Contains(await Problems(), sentence => sentence.Contains("MiB are kept for what is already in", StringComparison.Ordinal));

        _disk.FreeAgain();
        await SendUntil(HttpStatusCode.OK);
        Assert.Contains(await Problems(), sentence => sentence.Contains("free again; payloads are taken in as before.", StringComparison.Ordinal));
        await NothingAcknowledgedIsMissing();
    }

    [Fact]
    public async Task Out_of_space_it_neither_falls_nor_loses_what_it_acknowledged()
    {
        _disk = SmallFileSystem.InMemory(200 * Mebibyte);
        await Start(stopBelowFreeBytes: 0); // Nobody watches: the disk really gets full.
        await SendUntil(HttpStatusCode.OK);
        _disk.FillUntilFree(3 * Mebibyte);

        await SendUntil(HttpStatusCode.ServiceUnavailable, "The payload could not be written to the log: ");

        Assert.True(await Counter("payloads_rejected", "store_unavailable") > 0);
        _disk.FreeAgain();
        await SendUntil(HttpStatusCode.OK);
        await NothingAcknowledgedIsMissing();
    }

    [Fact]
    public async Task Without_names_left_as_with_a_quota_it_goes_on_once_there_are_some()
    {
        _disk = SmallFileSystem.InMemory(400 * Mebibyte, names: 60);
        await Start();
        await SendUntil(HttpStatusCode.OK);
        var names = Path.Combine(_disk.Folder, "names");
        Directory.CreateDirectory(names);
        for (var i = 0; ; i++)
        {
            try
            {
                File.Create(Path.Combine(names, $"{i}")).Dispose();
            }
            catch (IOException)
            {
                break; // None left.
            }
        }

        await SendUntil(HttpStatusCode.ServiceUnavailable, "The payload could not be written to the log: "); // When the log's segment is full.

        Directory.Delete(names, recursive: true);
        await SendUntil(HttpStatusCode.OK);
        await NothingAcknowledgedIsMissing();
    }

    [Fact]
    public async Task A_file_system_that_becomes_read_only_is_told_and_after_the_repair_all_is_there()
    {
        _disk = SmallFileSystem.Ext4(200 * Mebibyte);
        await Start();
        for (var i = 0; i < 5; i++) await SendUntil(HttpStatusCode.OK);

        _disk.Abort();
        var (text, _) = await SendUntil(HttpStatusCode.ServiceUnavailable);

        Assert.Contains("Nothing of it was kept; send it again.", text, StringComparison.Ordinal);
        Assert.True(await SpansOf(_acknowledged[0]) > 0, "What is in memory or on disk can be read all the same.");
        await _host!.DisposeAsync();
        _host = null;
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Start());
        Assert.StartsWith($"The data folder {_disk.Folder}/data cannot be written: ", refused.Message, StringComparison.Ordinal);

        _disk.MountAgain();
        await Start();
        await SendUntil(HttpStatusCode.OK);
        await NothingAcknowledgedIsMissing();
    }

    [Fact]
    public async Task More_than_its_budget_sent_the_folder_stays_within_it()
    {
        var folder = Directory.CreateTempSubdirectory("apm-budget").FullName;
        try
        {
            await Start(folder: folder);
            var (sent, most) = (0L, 0L);
            while (sent < StorageBudget.MinMaxBytes * 3 / 2)
            {
                var body = NextBody(spans: 4_000);
                using var answer = await Post(body);
                if (answer.StatusCode == HttpStatusCode.OK) sent += body.Length;
                most = Math.Max(most, BytesOf(folder));
            }
            Assert.True(most <= StorageBudget.MinMaxBytes, $"{most} bytes at once; {StorageBudget.MinMaxBytes} are the budget.");
            Assert.True(await Counter("spans_expired", "bytes") > 0, "Nothing had to go: the test sends too little.");
        }
        finally
        {
            if (_host is not null) await _host.DisposeAsync();
            _host = null;
            Directory.Delete(folder, recursive: true);
        }
    }

    static long BytesOf(string folder)
    {
        var bytes = 0L;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            try
            {
                bytes += new FileInfo(file).Length;
            }
            catch (FileNotFoundException)
            {
                // It went while we looked.
            }
        }
        return bytes;
    }

    async Task Start(long? stopBelowFreeBytes = null, string? folder = null) => _host = await ApmHost.Start(
        new HostSettings
        {
            DataFolder = folder ?? Path.Combine(_disk!.Folder, "data"), UiPort = 0, MaxDiskBytes = StorageBudget.MinMaxBytes, StopBelowFreeBytes = stopBelowFreeBytes,
            Agent = new AgentSettings { AgentPort = 0, OtlpGrpcPort = null, OtlpHttpPort = null, ZipkinPort = null },
            DogStatsD = new Apm.TraceAgent.Metrics.DogStatsDSettings { IsOn = false },
        },
        TimeProvider.System, _ => { });

    /// <summary>Sends traces, noting which were acknowledged, until an answer has the status.</summary>
    async Task<(string Text, string RetryAfter)> SendUntil(HttpStatusCode status, string beginning = "")
    {
        (string, string) found = default;
        await Until.True($"an answer {status}", Patience, async () =>
        {
            using var answer = await Post(NextBody(spans: 200));
            if (answer.StatusCode == HttpStatusCode.OK) _acknowledged.Add(_trace);
            found = (await answer.Content.ReadAsStringAsync(), answer.Headers.RetryAfter?.ToString() ?? "");
            return answer.StatusCode == status && found.Item1.StartsWith(beginning, StringComparison.Ordinal);
        });
        return found;
    }

    /// <summary>One trace with texts that do not repeat, so that it takes space.</summary>
    byte[] NextBody(int spans)
    {
        var trace = ++_trace;
        var now = TimeProvider.System.NowUnixNanos();
        var noise = new byte[600];
        return DatadogV04Encoder.Encode([[.. Enumerable.Range(1, spans).Select(i =>
        {
            _chance.NextBytes(noise);
            return Some.Span(id: (trace * 100_000) + (ulong)i, trace: trace) with { StartUnixNanos = now, Tags = new Dictionary<string, string> { ["noise"] = Convert.ToBase64String(noise) } };
        })]]);
    }

    async Task<HttpResponseMessage> Post(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
        return await _http.PostAsync(new Uri($"http://127.0.0.1:{_host!.AgentPort}/v0.4/traces"), content);
    }

    async Task NothingAcknowledgedIsMissing()
    {
        await _host!.DisposeAsync();
        await Start();
        foreach (var trace in _acknowledged) Assert.Equal(200, await SpansOf(trace));
        Assert.True(_acknowledged.Count > 2);
    }

    async Task<int> SpansOf(ulong trace)
    {
        using var answer = await _http.GetAsync(new Uri($"{_host!.UiUrl}/jaeger/api/traces/{trace:x32}"));
        if (answer.StatusCode == HttpStatusCode.NotFound) return 0;
        answer.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("data").EnumerateArray().Sum(found => found.GetProperty("spans").GetArrayLength());
    }

    async Task<long> Counter(string name, string label) => (await Status()).GetProperty("counters").EnumerateArray()
        .Where(counter => counter.GetProperty("name").GetString() == name && counter.GetProperty("label").GetString() == label)
        .Sum(counter => counter.GetProperty("value").GetInt64());

    async Task<string[]> Problems() => [.. (await Status()).GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("sentence").GetString()!)];

    async Task<JsonElement> Status()
    {
        using var json = JsonDocument.Parse(await _http.GetStringAsync(new Uri(_host!.UiUrl + "/api/status")));
        return json.RootElement.Clone();
    }
}
