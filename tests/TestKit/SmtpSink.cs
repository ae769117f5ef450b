using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Apm.TestKit;

/// <summary>A mail that a server took.</summary>
/// <param name="Data">As it came, headers and body.</param>
public sealed record SunkMail(string From, IReadOnlyList<string> To, string Data);

/// <summary>A mail server on loopback that keeps what it is sent. Speaks as much of SMTP as mail programs need; no encryption.</summary>
public sealed class SmtpSink : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentQueue<SunkMail> _mails = new();
    readonly ConcurrentBag<TcpClient> _clients = [];
    readonly Task _accepting;
    int _connectionCount;

    public SmtpSink()
    {
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What was taken, in order.</summary>
    public IReadOnlyList<SunkMail> Mails => [.. _mails];

    /// <summary>Connections since it was started.</summary>
    public int ConnectionCount => _connectionCount;

    /// <summary>The answer to a command such as <c>RCPT TO:&lt;a@b&gt;</c>, to the data (<c>.</c>) or to connecting (<c>connect</c>); null for the usual one, "" to close the connection.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>Name and password that it wants; null for none.</summary>
    public (string User, string Password)? Login { get; init; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var client in _clients) client.Dispose();
        await _accepting;
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _clients.Add(client);
                Interlocked.Increment(ref _connectionCount);
                _ = Serve(client);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    async Task Serve(TcpClient client)
    {
        try
        {
            using var owned = client;
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\r\n" };
            if (!await Say(writer, Answer("connect") ?? "220 sink ready")) return;
            var (from, to) = ("", new List<string>());
            while (await reader.ReadLineAsync() is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                var usual = verb switch
                {
                    "EHLO" => Login is null ? "250-sink\r\n250 8BITMIME" : "250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME",
                    "AUTH" => Login is { } login && line.EndsWith(Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{login.User}\0{login.Password}")), StringComparison.Ordinal) ? "235 welcome" : "535 wrong name or password",
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                var answer = Answer(line) ?? usual;
                if (answer.StartsWith('2') && verb == "MAIL") (from, to) = (Address(line), []);
                if (answer.StartsWith('2') && verb == "RCPT") to.Add(Address(line));
                if (!await Say(writer, answer) || verb == "QUIT") return;
                if (verb != "DATA" || !answer.StartsWith('3')) continue;
                var data = await ReadData(reader);
                var taken = Answer(".") ?? "250 taken";
                if (taken.StartsWith('2')) _mails.Enqueue(new SunkMail(from, to, data));
                if (!await Say(writer, taken)) return;
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // The other side left.
        }
    }

    static async Task<string> ReadData(StreamReader reader)
    {
        var data = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line && line != ".") data.Append(line.StartsWith('.') ? line[1..] : line).Append('\n');
        return data.ToString();
    }

    static async Task<bool> Say(StreamWriter writer, string answer)
    {
        if (answer.Length == 0) return false;
        await writer.WriteLineAsync(answer);
        return true;
    }

    static string Address(string line) => line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)];
}
