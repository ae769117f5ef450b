using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Apm.Benchmarks;

/// <summary>
/// The agent beside an endpoint that reads the same bodies and forgets them: what of the machine's way of taking bodies is left when
/// everything is decoded, counted, logged and stored. Both in processes of their own, one after the other, twice in turn.
/// </summary>
static class DiscardBenchmark
{
    const int Port = 24630;

    /// <summary>Arguments: as of <c>way</c>: the protocol (over HTTP/1.1) and the seconds of each run.</summary>
    public static int Run(string[] args)
    {
        var seconds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        RunAsync(WayProtocol.Of(args.ElementAtOrDefault(0) ?? "v04"), TimeSpan.FromSeconds(seconds), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>The endpoint; argument: the port. Started by <see cref="Run"/>.</summary>
    public static int Serve(string[] args)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5)); // As the agent's.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture), listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            context.Response.ContentLength = 0;
        });
        app.Run();
        return 0;
    }

    static async Task RunAsync(WayProtocol protocol, TimeSpan duration, TextWriter output)
    {
        if (protocol.IsGrpc) throw new ArgumentException("The empty endpoint speaks HTTP/1.1: v04, v05 or otlp-http.");
        var load = new WayLoad(protocol);
        var rates = new Dictionary<bool, List<(double OnBox, double PerCore)>> { [false] = [], [true] = [] };
        foreach (var isAgent in new[] { true, false, false, true })
        {
            var rate = isAgent ? await RunAgent(load, WayBenchmark.PortOf(protocol), duration) : await RunEmpty(load, duration);
            rates[isAgent].Add(rate);
            output.WriteLine($"{protocol.Name} {(isAgent ? "agent" : "empty")}: {rate.OnBox:N0} spans/s on the box, {rate.PerCore:N0} per core");
        }
        output.WriteLine($"share: {rates[true].Average(rate => rate.OnBox) / rates[false].Average(rate => rate.OnBox):P0} on the box, {rates[true].Average(rate => rate.PerCore) / rates[false].Average(rate => rate.PerCore):P0} per core");
    }

    static async Task<(double OnBox, double PerCore)> RunAgent(WayLoad load, int port, TimeSpan duration)
    {
        var folder = Directory.CreateTempSubdirectory("apm-discard").FullName;
        using var agent = WayBenchmark.Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await WayBenchmark.Ready(http);
            return await Measure(agent, load, port, duration, () => WayBenchmark.Settled(http));
        }
        finally
        {
            await End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<(double OnBox, double PerCore)> RunEmpty(WayLoad load, TimeSpan duration)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(DiscardBenchmark).Assembly.Location, "discard-endpoint", Port.ToString(CultureInfo.InvariantCulture) }) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_gcServer"] = "1"; // As the agent's.
        using var empty = Process.Start(start)!;
        try
        {
            await Listens();
            return await Measure(empty, load, Port, duration, () => Task.CompletedTask);
        }
        finally
        {
            await End(empty);
        }
    }

    static async Task<(double OnBox, double PerCore)> Measure(Process process, WayLoad load, int port, TimeSpan duration, Func<Task> settled)
    {
        await load.WarmUp(port);
        process.Refresh();
        var cpuBefore = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var sent = await load.Send(port, duration, int.MaxValue);
        var wall = clock.Elapsed;
        await settled();
        process.Refresh();
        return (sent / wall.TotalSeconds, sent / (process.TotalProcessorTime - cpuBefore).TotalSeconds);
    }

    static async Task Listens()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new System.Net.Sockets.TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (System.Net.Sockets.SocketException) when (attempt < 100)
            {
                await Task.Delay(100); // Between two looks at the condition.
            }
        }
    }

    static Task End(Process process)
    {
        process.Kill();
        return process.WaitForExitAsync();
    }
}
