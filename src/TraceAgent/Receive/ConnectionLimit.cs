using Apm.Core.Counting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Apm.TraceAgent.Receive;

/// <summary>
/// Keeps the number of open connections within <see cref="AgentSettings.MaxConnections"/>. The server has a limit of its own,
/// but that one tells nobody of our counters when it bites.
/// </summary>
/// <remarks>Thread-safe: one instance serves all listeners.</remarks>
sealed class ConnectionLimit(int maxConnections, Counters counters)
{
    int _open;

    /// <summary>Connections open now.</summary>
    public int OpenCount => Volatile.Read(ref _open);

    /// <summary>Puts the limit in front of a listener.</summary>
    /// <param name="name">Name of the port, as <c>apm status</c> lists it.</param>
    public void ApplyTo(ListenOptions listen, string name) => listen.Use(next => connection => Serve(next, connection, name));

    async Task Serve(ConnectionDelegate next, ConnectionContext connection, string name)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= maxConnections) await next(connection);
            else counters.Add("connections_refused", name); // Returning closes it.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
