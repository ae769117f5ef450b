using System.Net.Sockets;
using MySqlConnector;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>The server of an instance, reached with MySqlConnector. Connections are not pooled: the account may allow five in all, and one run needs one.</summary>
public sealed class MySqlServer(MySqlCheckSettings settings) : IMySqlServer
{
    public async Task<IMySqlSession> ConnectAsync(CancellationToken cancel)
    {
        MySqlConnection? connection = null;
        try
        {
            connection = new MySqlConnection(ConnectionString(settings));
            await connection.OpenAsync(cancel);
            return new Session(connection);
        }
        catch (Exception fault) when (fault is MySqlException or ArgumentException or NotSupportedException or SocketException or IOException or FormatException or InvalidOperationException or OverflowException or IndexOutOfRangeException or System.Security.Authentication.AuthenticationException)
        {
            if (connection is not null) await connection.DisposeAsync();
            throw Refusal(fault, isGone: true);
        }
        catch (OperationCanceledException)
        {
            if (connection is not null) await connection.DisposeAsync();
            throw;
        }
    }

    internal static string ConnectionString(MySqlCheckSettings settings)
    {
        var text = new MySqlConnectionStringBuilder
        {
            Server = settings.Socket ?? settings.Host,
            ConnectionProtocol = settings.Socket is null ? MySqlConnectionProtocol.Sockets : MySqlConnectionProtocol.UnixSocket,
            Port = (uint)settings.Port,
            UserID = settings.User,
            Password = settings.Password,
            ConnectionTimeout = Seconds(settings.ConnectTimeout),
            DefaultCommandTimeout = Seconds(settings.ReadTimeout),
            CancellationTimeout = -1, // Otherwise a statement that lasts too long is ended over a second connection.
            Pooling = false,
            AllowUserVariables = true,
            AllowPublicKeyRetrieval = true, // MySQL 8 accounts over a line that is not encrypted; as the original's client does.
            AllowZeroDateTime = true,
            ApplicationName = "apm",
            CharacterSet = settings.Charset ?? "",
        };
        if (settings.Tls is { } tls)
        {
            text.SslMode = tls.Ca is null ? MySqlSslMode.Required : tls.CheckHostname ? MySqlSslMode.VerifyFull : MySqlSslMode.VerifyCA;
            if (tls.Key is not null) text.SslKey = tls.Key;
            if (tls.Cert is not null) text.SslCert = tls.Cert;
            if (tls.Ca is not null) text.SslCa = tls.Ca;
        }
        return text.ConnectionString;
    }

    static uint Seconds(TimeSpan time) => (uint)Math.Max(1, Math.Ceiling(time.TotalSeconds));

    static MySqlRefusedException Refusal(Exception fault, bool isGone)
    {
        var number = fault is MySqlException { ErrorCode: var code } && (int)code > 0 ? (int)code : 0;
        var innermost = fault;
        while (innermost.InnerException is not null) innermost = innermost.InnerException;
        var message = ReferenceEquals(innermost, fault) || innermost.Message == fault.Message ? fault.Message : $"{fault.Message.TrimEnd('.')}: {innermost.Message}";
        return new MySqlRefusedException(number, isGone, message, fault);
    }

    /// <summary>
    /// A run that is ended does not wait for the server: the statement is left behind, killed over a second connection if the account may have one, and given up after
    /// <see cref="MySqlCheckSettings.ReadTimeout"/> in any case. Then its connection is closed.
    /// </summary>
    sealed class Session(MySqlConnection connection) : IMySqlSession
    {
        readonly CancellationTokenSource _stop = new();
        Task<MySqlRows> _running = Task.FromResult(MySqlRows.Empty);
        Task _stopping = Task.CompletedTask;

        public async Task<MySqlRows> QueryAsync(string statement, int maxRows, CancellationToken cancel)
        {
            _running = ReadAsync(statement, maxRows, _stop.Token);
            try
            {
                return await _running.WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                _stopping = Task.Run(_stop.Cancel, CancellationToken.None); // The library connects within it, and whoever ends runs must not wait for that.
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            var leaving = LeaveAsync();
            if (_running.IsCompleted) await leaving;
        }

        async Task LeaveAsync()
        {
            try
            {
                await _running;
            }
            catch (Exception fault) when (fault is MySqlRefusedException or OperationCanceledException)
            {
                // Told to who asked, or nobody asks any more.
            }
            await _stopping;
            await connection.DisposeAsync();
            _stop.Dispose();
        }

        async Task<MySqlRows> ReadAsync(string statement, int maxRows, CancellationToken cancel)
        {
            try
            {
                await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are ours, or the administrator's own from the configuration file.
                command.CommandText = statement;
#pragma warning restore CA2100
                await using var reader = await command.ExecuteReaderAsync(cancel);
                string[] columns = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
                var rows = new List<object?[]>();
                while (await reader.ReadAsync(cancel))
                {
                    if (rows.Count == maxRows) return new MySqlRows(columns, rows, IsCut: true);
                    var row = new object?[columns.Length];
                    for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                    rows.Add(row);
                }
                return new MySqlRows(columns, rows);
            }
            catch (Exception fault) when (fault is MySqlException or InvalidOperationException or IOException or SocketException or FormatException or InvalidCastException)
            {
                cancel.ThrowIfCancellationRequested();
                throw Refusal(fault, connection.State is not System.Data.ConnectionState.Open);
            }
        }
    }
}
