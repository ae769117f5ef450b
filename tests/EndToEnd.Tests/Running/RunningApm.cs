using System.Globalization;
using System.Text;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>One process for all tests of a class, and Datadog's API of it.</summary>
public sealed class RunningApm : IAsyncLifetime
{
    /// <summary>What every call of the API takes.</summary>
    public const string Keys = "?api_key=k&application_key=a";

    static readonly HttpClient s_http = new(new SocketsHttpHandler { UseProxy = false });

    public ApmProcess Process { get; private set; } = null!;

    public Uri Ui => Process.Ui;

    /// <summary>This second, Unix time.</summary>
    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    /// <inheritdoc/>
    public async Task InitializeAsync() => Process = await ApmProcess.Start();

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Process.Stop();
        await Process.DisposeAsync();
    }

    /// <summary>Posts JSON to the API; fails when it is refused.</summary>
    public async Task<string> Send(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await s_http.PostAsync(new Uri(Ui, path + Keys), body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return text;
    }

    /// <summary>Reads from the API.</summary>
    public Task<string> Get(string path) => s_http.GetStringAsync(new Uri(Ui, path + Keys));

    /// <summary>Sends a gauge: points so many seconds apart, the newest the last, just now.</summary>
    /// <param name="valueAt">By the point's number from 0, the oldest.</param>
    public Task Gauge(string metric, string host, int count, int every, Func<int, int> valueAt)
    {
        var now = Now / every * every;
        var points = string.Join(',', Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"[{now - (count - i) * every},{valueAt(i)}]")));
        return Send("/api/v1/series", string.Create(CultureInfo.InvariantCulture, $$"""{"series":[{"metric":"{{metric}}","type":"gauge","interval":{{every}},"points":[{{points}}],"host":"{{host}}"}]}"""));
    }
}
