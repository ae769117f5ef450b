using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Apm.Core.Checks;

namespace Apm.TraceAgent.Checks.Tcp;

/// <summary>Makes the instances of <c>tcp_check.d/conf.yaml</c>.</summary>
public sealed class TcpCheckKind(TimeProvider clock) : ICheckKind
{
    public string Name => "tcp_check";

    public ICheck Create(CheckSettings settings) => new TcpCheck(TcpCheckSettings.From(settings), clock);
}

/// <summary>One instance of <c>tcp_check.d/conf.yaml</c>.</summary>
/// <param name="AllAddresses">Every address of the host is tried and answers for itself (<c>multiple_ips</c>); else the first.</param>
public sealed record TcpCheckSettings(string Name, string Host, int Port, TimeSpan Timeout, bool CollectsResponseTime, bool AllAddresses, IReadOnlyList<string> Tags)
{
    /// <exception cref="CheckFailedException">A key is missing or cannot be used.</exception>
    public static TcpCheckSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("tcp_check", settings.Instance);
        var name = file.RequiredText("name", "My database");
        var host = file.RequiredText("host", "db.example.com").Trim('[', ']');
        _ = file.RequiredText("port", "5432");
        return new TcpCheckSettings(name, host, (int)file.Number(1, 65535, "port")!.Value, file.Seconds(10, 3600, "timeout"),
            file.Flag("collect_response_time"), file.Flag("multiple_ips"), file.Texts("tags"));
    }
}

/// <summary>
/// Whether a port takes connections, and how fast: metrics <c>network.tcp.*</c>, service check <c>tcp.can_connect</c>. A port that is
/// closed is the answer, not a failure of the run.
/// </summary>
public sealed class TcpCheck(TcpCheckSettings settings, TimeProvider clock) : ICheck
{
    /// <summary>Most addresses of one host that are tried; the others are not, and a warning says so.</summary>
    public const int MaxAddresses = 64;

    public async Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(settings.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(settings.Host, cancel).WaitAsync(settings.Timeout, clock, cancel);
        }
        catch (Exception fault) when (fault is SocketException or TimeoutException or ArgumentException)
        {
            Tell(output, null, $"The name {settings.Host} has no address: {fault.Message}");
            return;
        }
        if (addresses.Length == 0)
        {
            Tell(output, null, $"The name {settings.Host} has no address.");
            return;
        }
        if (settings.AllAddresses && addresses.Length > MaxAddresses) output.Warn($"tcp_check: {settings.Host} has {addresses.Length} addresses; the first {MaxAddresses} are tried.");
        foreach (var address in addresses.Take(settings.AllAddresses ? MaxAddresses : 1)) await TryAsync(output, address, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task TryAsync(ICheckOutput output, IPAddress address, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(settings.Timeout);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var started = clock.GetTimestamp();
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, settings.Port), patience.Token);
        }
        catch (Exception fault) when (fault is SocketException || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            var seconds = settings.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            Tell(output, address, fault is SocketException ? $"{Shown(address)} takes no connection: {fault.Message}." : $"{Shown(address)} did not answer within {seconds} s (`timeout`).");
            return;
        }
        if (settings.CollectsResponseTime) output.Submit(CheckMetricKind.Gauge, "network.tcp.response_time", clock.GetElapsedTime(started).TotalSeconds, MetricTags(address));
        Tell(output, address, null);
    }

    void Tell(ICheckOutput output, IPAddress? address, string? wrong)
    {
        output.Submit(CheckMetricKind.Gauge, "network.tcp.can_connect", wrong is null ? 1 : 0, MetricTags(address));
        output.ServiceCheck("tcp.can_connect", wrong is null ? CheckStatus.Ok : CheckStatus.Critical,
            [.. settings.Tags, $"instance:{settings.Name}", $"target_host:{settings.Host}", $"port:{settings.Port}", .. AddressTag(address)], wrong ?? "");
    }

    string[] MetricTags(IPAddress? address) => [.. settings.Tags, $"url:{settings.Host}:{settings.Port}", $"instance:{settings.Name}", .. AddressTag(address)];

    string[] AddressTag(IPAddress? address) => settings.AllAddresses && address is not null ? [$"address:{address}"] : [];

    string Shown(IPAddress address) => address.ToString() == settings.Host ? $"{settings.Host}:{settings.Port}" : $"{settings.Host}:{settings.Port} ({address})";
}
