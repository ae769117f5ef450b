namespace Apm.TraceAgent.Checks.MySql;

/// <summary>Opens the one connection that a run of the check uses.</summary>
public interface IMySqlServer
{
    /// <exception cref="MySqlRefusedException">No connection; the message is the server's or the system's.</exception>
    Task<IMySqlSession> ConnectAsync(CancellationToken cancel);
}

/// <summary>One connection to a server. One statement at a time; closed when disposed.</summary>
public interface IMySqlSession : IAsyncDisposable
{
    /// <summary>Runs a statement and reads its rows.</summary>
    /// <param name="statement">One statement, without parameters.</param>
    /// <param name="maxRows">Rows beyond are left unread, and <see cref="MySqlRows.IsCut"/> is set.</param>
    /// <exception cref="MySqlRefusedException">The server refuses the statement, or is gone.</exception>
    Task<MySqlRows> QueryAsync(string statement, int maxRows, CancellationToken cancel);
}

/// <summary>What a statement gave. Values are as the driver reads them: texts, numbers, dates, or null.</summary>
public sealed record MySqlRows(IReadOnlyList<string> Columns, IReadOnlyList<object?[]> Rows, bool IsCut = false)
{
    public static MySqlRows Empty { get; } = new([], []);

    /// <summary>Where a column stands, whatever the case of its name; -1 when there is none.</summary>
    public int IndexOf(string column)
    {
        for (var i = 0; i < Columns.Count; i++) if (string.Equals(Columns[i], column, StringComparison.OrdinalIgnoreCase)) return i;
        return -1;
    }

    /// <summary>A value of a row as text; null when it is NULL, or there is no such column.</summary>
    public string? Text(int row, string column) => IndexOf(column) is >= 0 and var at ? MySqlValues.Text(Rows[row][at]) : null;
}

/// <summary>The server refused a connection or a statement, or went away.</summary>
/// <param name="number">Of the server's or the client's error; 0 when there is none.</param>
/// <param name="isGone">The connection is lost; nothing further can be asked over it.</param>
public sealed class MySqlRefusedException(int number, bool isGone, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Number { get; } = number;

    public bool IsGone { get; } = isGone;
}
