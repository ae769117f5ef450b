using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Apm.Core.Diagnosis;
using Apm.TraceAgent.Doctor.Witness;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Apm.TraceAgent.Receive;

/// <summary>
/// Looks at the first bytes of a connection. Who speaks gRPC on a port of HTTP, or the reverse, is led to the port that speaks it; TLS,
/// which none of them speaks, is closed. Each is told to the doctor.
/// </summary>
/// <remarks>
/// Leading on goes over a connection of its own to the sister port of this process: the server knows one protocol per port while there is no TLS
/// to choose by. Without an open gRPC port, gRPC elsewhere gets the server's own answer.
/// </remarks>
/// <param name="facts">Null when nobody asks.</param>
/// <param name="portOf">The open port of a listener by name; 0 when it has none.</param>
sealed class WrongDoor(FactBook? facts, Func<string, int> portOf, AgentSettings settings)
{
    /// <summary>Enough to tell the three apart: <c>PRI </c> of HTTP/2, a TLS record's type and version, any word of HTTP/1.</summary>
    const int BytesToTell = 4;

    /// <summary>Puts the look in front of a listener.</summary>
    /// <param name="name">Name of the port, as <c>apm status</c> lists it.</param>
    public void ApplyTo(ListenOptions listen, string name) => listen.Use(next => connection => Serve(next, connection, name));

    async Task Serve(ConnectionDelegate next, ConnectionContext connection, string name)
    {
        if (await FirstBytes(connection.Transport.Input) is not { } spoken) return;
        var takesHttp2 = name == "otlp-grpc";
        if (spoken != SpokenProtocol.Tls && spoken == SpokenProtocol.Http2 == takesHttp2)
        {
            await next(connection);
            return;
        }
        facts?.Spoke(name, (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0, spoken, (connection.RemoteEndPoint as IPEndPoint)?.Port ?? 0);
        if (spoken == SpokenProtocol.Tls) return; // Returning closes it.
        if (portOf(takesHttp2 ? "agent" : "otlp-grpc") is > 0 and var sister) await LeadOn(connection, sister);
        else await next(connection);
    }

    /// <summary>What is spoken; null when the connection ends, or says nothing for too long. Takes nothing of it.</summary>
    async Task<SpokenProtocol?> FirstBytes(PipeReader input)
    {
        using var patience = new CancellationTokenSource(settings.IdleTimeout);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(patience.Token);
                var spoken = Tell(read.Buffer);
                var isKnown = spoken is not null || read.IsCompleted;
                input.AdvanceTo(read.Buffer.Start, isKnown ? read.Buffer.Start : read.Buffer.End);
                if (isKnown) return read.Buffer.IsEmpty ? null : spoken ?? SpokenProtocol.Http1;
            }
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException or ConnectionAbortedException or ConnectionResetException)
        {
            return null;
        }
    }

    static SpokenProtocol? Tell(ReadOnlySequence<byte> bytes)
    {
        Span<byte> head = stackalloc byte[BytesToTell];
        var length = (int)Math.Min(bytes.Length, BytesToTell);
        bytes.Slice(0, length).CopyTo(head);
        head = head[..length];
        if (head.StartsWith((ReadOnlySpan<byte>)[0x16, 0x03])) return SpokenProtocol.Tls;
        if (head.SequenceEqual("PRI "u8)) return SpokenProtocol.Http2;
        return length >= BytesToTell || (length > 0 && !"PRI "u8.StartsWith(head) && head[0] != 0x16) ? SpokenProtocol.Http1 : null;
    }

    static async Task LeadOn(ConnectionContext connection, int port)
    {
        try
        {
            using var sister = new TcpClient();
            await sister.ConnectAsync(IPAddress.Loopback, port, connection.ConnectionClosed);
            await using var stream = sister.GetStream();
            var there = connection.Transport.Input.CopyToAsync(stream, connection.ConnectionClosed);
            var back = stream.CopyToAsync(connection.Transport.Output, connection.ConnectionClosed);
            if (await Task.WhenAny(there, back) == there)
            {
                sister.Client.Shutdown(SocketShutdown.Send);
                await back;
            }
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One of both ends has gone.
        }
    }
}
