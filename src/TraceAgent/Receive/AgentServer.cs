using System.Net;
using System.Net.Sockets;
using Apm.Core.Counting;
using Apm.TraceAgent.Intake;
using Apm.Core.Services;
using Apm.TraceAgent.Receive.Datadog;
using Apm.TraceAgent.Receive.Otlp;
using Apm.TraceAgent.Receive.Zipkin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Receive;

/// <summary>The listeners of the agent: Datadog on 8126, OTLP on 4317 and 4318, Zipkin on 9411; loopback only.</summary>
public sealed class AgentServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly List<(string Name, int Port)> _listeners = [];

    readonly ConnectionLimit _connections;

    AgentServer(WebApplication app, ConnectionLimit connections)
    {
        _app = app;
        _connections = connections;
    }

    /// <summary>Connections open now, on all ports.</summary>
    public int OpenConnections => _connections.OpenCount;

    /// <summary>What listens, by name, with the port that was really taken.</summary>
    public IReadOnlyList<(string Name, int Port)> Listeners => _listeners;

    /// <summary>Opens the ports and answers from now on.</summary>
    /// <param name="warn">Told in a sentence when the socket, or a port other than 8126, could not be opened; the rest works on.</param>
    /// <exception cref="PortTakenException">The agent's own port could not be opened.</exception>
    public static async Task<AgentServer> Start(AgentSettings settings, PipelineParts parts, TracePipeline pipeline, ILoggerFactory logs, Action<string> warn)
    {
        var ports = new List<(string Name, int Port)> { ("agent", settings.AgentPort) };
        foreach (var (name, port) in new[] { ("otlp-grpc", settings.OtlpGrpcPort), ("otlp-http", settings.OtlpHttpPort), ("zipkin", settings.ZipkinPort) })
        {
            if (port is not { } wanted) continue;
            if (PortCheck.WhyTaken(name, wanted) is { } taken) warn(taken.Message);
            else ports.Add((name, wanted));
        }
        if (PortCheck.WhyTaken("agent", settings.AgentPort) is { } agentTaken) throw agentTaken;

        var socket = SocketFor(settings.SocketPath, warn);
        var routes = new AgentRoutes(parts.Counters, parts.Problems, parts.Clock, parts.Facts);
        var receiver = new PayloadReceiver(pipeline, new BodyReader(settings, parts.Memory), parts.Counters, parts.Clock, parts.Facts);
        var telemetry = new TelemetryReceiver(receiver, parts.Catalogue, parts.Counters, routes);
        new DatadogEndpoints(settings, new AgentInfo(settings, pipeline.Settings), receiver, telemetry, routes, parts.Counters, parts.DogStatsD).Register();
        new OtlpEndpoints(receiver, routes, parts.Counters, parts.OtlpMetrics).Register();
        new OtlpGrpcEndpoints(receiver, routes, parts.Counters, parts.OtlpMetrics).Register();
        new ZipkinEndpoints(receiver, routes).Register();

        var connections = new ConnectionLimit(settings.MaxConnections, parts.Counters);
        AgentServer? started = null;
        var door = new WrongDoor(parts.Facts, name => started?._listeners.Find(listener => listener.Name == name).Port ?? 0, settings);
        var server = started = new AgentServer(Build(settings, ports, socket, routes, logs, connections, door), connections);
        await server._app.StartAsync();
        if (socket is not null) SocketFile.OpenToAll(socket);
        server.NoteListeners(ports);
        return server;
    }

    /// <summary>Stops accepting, lets requests under way finish, closes the ports.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3)); // A slow sender must not hold up the end.
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    /// <summary>A path on which can be listened; null when there is none, or it cannot be used, of which is told then.</summary>
    static string? SocketFor(string path, Action<string> warn)
    {
        if (path.Length == 0) return null;
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            if (!SocketFile.MakeRoom(path, SocketType.Stream))
            {
                warn($"The socket {path} (trace agent) is in use by another process. Stop it, or choose another path.");
                return null;
            }
            probe.Bind(new UnixDomainSocketEndPoint(path)); // Binds for a moment: the server would not start at all if it could not. The file goes with it.
            return path;
        }
        catch (Exception problem) when (problem is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            warn($"The socket {path} (trace agent) cannot be opened: {problem.Message} Choose a path in a folder that exists and may be written, of at most 107 bytes.");
            return null;
        }
    }

    static WebApplication Build(AgentSettings settings, List<(string Name, int Port)> ports, string? socket, AgentRoutes routes, ILoggerFactory logs, ConnectionLimit limit, WrongDoor door)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(settings.MinBodyBytesPerSecond, settings.SlowGrace);
            kestrel.Limits.RequestHeadersTimeout = settings.HeaderTimeout;
            kestrel.Limits.KeepAliveTimeout = settings.IdleTimeout;
            kestrel.Limits.MaxRequestBodySize = null; // The body reader has the limit, and answers it in words.
            foreach (var (name, port) in ports)
            {
                var protocols = name == "otlp-grpc" ? HttpProtocols.Http2 : HttpProtocols.Http1;
                kestrel.Listen(IPAddress.Loopback, port, Configure);
                if (port != 0 && Socket.OSSupportsIPv6) kestrel.Listen(IPAddress.IPv6Loopback, port, Configure);
                if (name == "agent" && socket is not null) kestrel.ListenUnixSocket(socket, Configure);

                void Configure(ListenOptions listen)
                {
                    listen.Protocols = protocols;
                    limit.ApplyTo(listen, name);
                    door.ApplyTo(listen, name);
                }
            }
        });
        var app = builder.Build();
        app.Run(routes.Answer);
        return app;
    }

    void NoteListeners(List<(string Name, int Port)> ports)
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var bound = addresses.Where(address => address.StartsWith("http://127.0.0.1:", StringComparison.Ordinal)).Select(address => new Uri(address).Port).ToList();
        for (var i = 0; i < ports.Count; i++) _listeners.Add((ports[i].Name, ports[i].Port != 0 ? ports[i].Port : bound[i]));
    }
}
