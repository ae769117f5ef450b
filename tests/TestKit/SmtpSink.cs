using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Apm.TestKit;

/// <summary>A mail that a server took.</summary>
/// <param name="Data">As it came, headers and body.</param>
public sealed record SunkMail(string From, IReadOnlyList<string> To, string Data);

/// <summary>A mail server on loopback that keeps what it is sent. Speaks as much of SMTP as mail programs need.</summary>
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

    /// <summary>What it shows when it encrypts; null when it never does.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether it encrypts when it is asked to (STARTTLS) and not from the start.</summary>
    public bool IsEncryptedOnDemand { get; init; }

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
            await Speak(Certificate is not null && !IsEncryptedOnDemand ? await Encrypted(client.GetStream()) : client.GetStream());
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or AuthenticationException)
        {
            // The other side left.
        }
    }

    async Task<Stream> Encrypted(Stream stream)
    {
        var encrypted = new SslStream(stream);
        await encrypted.AuthenticateAsServerAsync(Certificate!);
        return encrypted;
    }

    async Task Speak(Stream stream, bool isGreeted = false)
    {
        try
        {
            using var reader = new StreamReader(stream, Encoding.UTF8);
            await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\r\n" };
            if (!isGreeted && !await Say(writer, Answer("connect") ?? "220 sink ready")) return;
            var (from, to) = ("", new List<string>());
            while (await reader.ReadLineAsync() is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                if (verb == "STARTTLS" && Certificate is not null && stream is not SslStream)
                {
                    if (await Say(writer, "220 go on")) await Speak(await Encrypted(stream), isGreeted: true);
                    return;
                }
                var usual = verb switch
                {
                    "EHLO" when Certificate is not null && stream is not SslStream => "250-sink\r\n250 STARTTLS",
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
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or AuthenticationException)
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
