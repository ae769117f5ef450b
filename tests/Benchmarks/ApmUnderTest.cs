using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>`apm up` in a process of its own, on ports of the benchmarks, of the Release build of src/Cli or another one.</summary>
static class ApmUnderTest
{
    public const int AgentPort = 24626;
    public const int UiPort = 24627;
    const int OtlpHttpPort = 24628;
    const int OtlpGrpcPort = 24629;

    static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    /// <summary>A block waits ten seconds at most, and the machine may be slow.</summary>
    static readonly TimeSpan SettledWithin = TimeSpan.FromMinutes(10);

    /// <summary>Path of another build's apm.dll; null for the tree's.</summary>
    public static string? Cli { get; set; }

    /// <summary>Where it takes payloads of a protocol.</summary>
    public static int PortOf(WayProtocol protocol) => protocol.IsGrpc ? OtlpGrpcPort : protocol.IsOtlp ? OtlpHttpPort : AgentPort;

    /// <summary>Starts it.</summary>
    /// <param name="folder">Its data.</param>
    /// <param name="maxMemoryBytes">Its ceiling; null for the default one.</param>
    public static Process Start(string folder, long? maxMemoryBytes = null)
    {
        var apm = Cli ?? Path.Combine(Fixtures.RepoRoot, "src", "Cli", "bin", "Release", "net10.0", "apm.dll");
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { apm, "up", "--no-browser", "--data", folder, "--port", $"agent={AgentPort}", "--port", $"ui={UiPort}", "--port", $"otlp-grpc={OtlpGrpcPort}", "--port", $"otlp-http={OtlpHttpPort}", "--port", "zipkin=off", "--port", "dogstatsd=off" })
            start.ArgumentList.Add(argument);
        if (maxMemoryBytes is { } bytes) start.Environment["APM_MEMORY_MAX_BYTES"] = bytes.ToString(CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { }; // Read, so that it never waits for us.
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Returns when it answers.</summary>
    public static Task Ready(HttpClient http) => Answers(
        http, new Uri($"http://127.0.0.1:{AgentPort}/info"), ReadyWithin, $"apm up is ready (is there a Release build of src/Cli, and are the ports {AgentPort} to {OtlpGrpcPort} free?)");

    /// <summary>Returns when an address answers, whatever it says.</summary>
    public static Task Answers(HttpClient http, Uri address, TimeSpan patience, string what) => Until.True(what, patience, async () =>
    {
        using var answer = await http.GetAsync(address);
        return true;
    });

    /// <summary>Returns when all that was received is in blocks: then the processor time spent is the whole way's.</summary>
    public static Task Settled(HttpClient http) => Until.True("all that was received is in blocks", SettledWithin, async () =>
    {
        var limits = (await Status(http)).GetProperty("limits");
        return limits.EnumerateArray().Where(limit => limit.GetProperty("name").GetString() is "memory.queue" or "memory.waiting_spans").All(limit => limit.GetProperty("value").GetDouble() == 0);
    });

    /// <summary><c>GET /api/status</c>.</summary>
    public static async Task<JsonElement> Status(HttpClient http)
    {
        using var document = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri($"http://127.0.0.1:{UiPort}/api/status")));
        return document.RootElement.Clone();
    }

    /// <summary>Ends it.</summary>
    public static async Task End(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
