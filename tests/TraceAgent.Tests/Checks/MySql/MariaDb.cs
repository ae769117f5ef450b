using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Apm.TestKit;
using MySqlConnector;

namespace Apm.TraceAgent.Tests.Checks.MySql;

/// <summary>
/// A real MariaDB server, in a folder and on a port of its own (24200–24299, the first that is free), with the account that the walkthrough makes. The
/// server comes with the Debian packages mariadb-server-core and mariadb-client-core; <c>./apm test</c> installs them.
/// </summary>
public sealed class MariaDb : IAsyncDisposable
{
    public const string User = "datadog";
    public const string Password = "p4ss-for-tests";

    static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    readonly string _folder;
    readonly string[] _options;
    Process? _server;

    MariaDb(string folder, int port, string[] options) => (_folder, Port, _options) = (folder, port, options);

    public int Port { get; }

    public string Socket => Path.Combine(_folder, "s.sock");

    /// <summary>Makes the data folder and starts the server.</summary>
    public static async Task<MariaDb> StartAsync(params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("apm-mariadb-").FullName;
        var database = new MariaDb(folder, FreePort(), options);
        await RunAsync("mariadb-install-db", ["--no-defaults", $"--datadir={folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db", .. RunAs()]);
        await database.StartServerAsync();
        await database.AsRootAsync(
            $"CREATE USER '{User}'@'localhost' IDENTIFIED BY '{Password}'",
            $"GRANT REPLICATION CLIENT ON *.* TO '{User}'@'localhost' WITH MAX_USER_CONNECTIONS 5",
            $"GRANT PROCESS ON *.* TO '{User}'@'localhost'",
            $"GRANT SELECT ON performance_schema.* TO '{User}'@'localhost'");
        return database;
    }

    public async Task StartServerAsync()
    {
        var start = new ProcessStartInfo(Find("mariadbd")) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments = ["--no-defaults", $"--datadir={_folder}/data", $"--socket={Socket}", $"--port={Port}", "--bind-address=127.0.0.1", $"--pid-file={_folder}/server.pid", $"--log-error={_folder}/error.log",
            "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-fast-shutdown=2", .. RunAs(), .. _options];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _server = Process.Start(start)!;
        await Until.True("MariaDB takes connections", StartPatience, async () =>
        {
            if (_server.HasExited) throw new InvalidOperationException($"mariadbd ended with {_server.ExitCode}:\n{Log()}");
            try
            {
                await AsRootAsync("SELECT 1");
                return true;
            }
            catch (MySqlException)
            {
                return false;
            }
        }, Log);
    }

    /// <summary>As a crash would: at once, without a word to anybody.</summary>
    public void Kill()
    {
        _server!.Kill();
        _server.WaitForExit();
    }

    public async Task AsRootAsync(params string[] statements)
    {
        await using var connection = await OpenAsync("root", "");
        foreach (var statement in statements)
        {
            await using var command = new MySqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>A connection besides those of the check.</summary>
    public async Task<MySqlConnection> OpenAsync(string user, string password)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder { Server = Socket, ConnectionProtocol = MySqlConnectionProtocol.UnixSocket, UserID = user, Password = password, Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false }) Kill();
        _server?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    string Log() => File.Exists($"{_folder}/error.log") ? File.ReadAllText($"{_folder}/error.log") : "no error.log";

    /// <summary>The server does not run as root unless it is told to.</summary>
    static string[] RunAs() => Environment.UserName is "root" ? ["--user=root"] : [];

    static int FreePort()
    {
        for (var port = 24200; port < 24300; port++)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }
        throw new InvalidOperationException("No port from 24200 to 24299 is free.");
    }

    static string Find(string program)
    {
        foreach (var folder in $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/usr/bin:/usr/local/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries))
            if (File.Exists(Path.Combine(folder, program))) return Path.Combine(folder, program);
        throw new FileNotFoundException($"{program} is not installed, and these tests need a real server: run ./apm test, or apt-get install mariadb-server-core mariadb-client-core.");
    }

    static async Task RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(Find(program)) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }
}

/// <summary>One server for all tests of a class.</summary>
public sealed class MariaDbFixture : IAsyncLifetime
{
    public MariaDb Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await MariaDb.StartAsync("--performance-schema=ON", "--userstat=1", "--log-bin", "--server-id=1");

    public async Task DisposeAsync()
    {
        if (Server is { } started) await started.DisposeAsync();
    }
}
