using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Diagnosis;

namespace Apm.Cli.Launch;

/// <summary>What answers at an address that should be an agent's.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Detail">What came back, in words.</param>
/// <param name="UiUrl">The screens of the Apm that answers; null when it is another agent, or none.</param>
/// <param name="OtlpUrl">Where it takes OTLP over HTTP; null when unknown.</param>
public sealed record AgentAnswer(AgentAnswerKind Kind, string Detail, Uri? UiUrl = null, Uri? OtlpUrl = null)
{
    public bool IsAgent => Kind == AgentAnswerKind.Agent;
}

/// <summary>Where the tracer will send, and which variable says so.</summary>
/// <param name="Url">The address.</param>
/// <param name="Source">The variable; "" for the tracers' default.</param>
public sealed record AgentAddress(Uri Url, string Source)
{
    /// <summary>What the variable holds when no tracer can send there; "" when it can. <see cref="Url"/> is then the default.</summary>
    public string Unusable { get; init; } = "";
}

/// <summary>Asks the agent's address, quickly: before the app starts, and while none answers (<see cref="AgentSight"/>).</summary>
public static partial class AgentProbe
{
    /// <summary>How long the app's start may be held up at most.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How much longer it may be when something of this machine is there and does not answer.</summary>
    public static TimeSpan BusyPatience { get; } = TimeSpan.FromSeconds(3);

    static readonly Uri Usual = new("http://localhost:8126");

    /// <summary>
    /// The address from <c>DD_TRACE_AGENT_URL</c>, else host and port variables, else localhost:8126 (trace-intake §10.2). What is easily got wrong is
    /// taken for what was meant: an address in quotes, without its http://, or with the path that the tracer adds itself; a host with http:// before it.
    /// </summary>
    public static AgentAddress AddressFrom(Func<string, string?> environment)
    {
        if ((environment("DD_TRACE_AGENT_URL") ?? "").Trim().Trim('"', '\'') is { Length: > 0 } text)
            return Meant(text) is { } url ? new AgentAddress(url, "DD_TRACE_AGENT_URL") : new AgentAddress(Usual, "DD_TRACE_AGENT_URL") { Unusable = text };
        string[] names = ["DD_AGENT_HOST", "DD_TRACE_AGENT_HOSTNAME", "DD_TRACE_AGENT_PORT"];
        var host = (environment(names[0]) ?? environment(names[1])) is { Length: > 0 } told ? told : "localhost";
        if (host.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(host, UriKind.Absolute, out var whole)) host = whole.Host;
        var port = environment(names[2]) is { Length: > 0 } number ? number : "8126";
        var source = string.Join(" and ", names.Where(name => !string.IsNullOrEmpty(environment(name))));
        return Uri.TryCreate($"http://{host}:{port}", UriKind.Absolute, out var built) ? new AgentAddress(built, source) : new AgentAddress(Usual, "");
    }

    /// <summary>The address that a text means; null when it means none, or a socket file.</summary>
    static Uri? Meant(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal) && !text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)) text = "http://" + text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0) return null;
        return IntakePath().IsMatch(url.AbsolutePath) ? new Uri(url.GetLeftPart(UriPartial.Authority)) : url;
    }

    [GeneratedRegex("^/(v[0-9.]+/)?(traces|spans)/?$")]
    private static partial Regex IntakePath();

    /// <summary>Never throws; what goes wrong is in the answer.</summary>
    /// <param name="atMost">How long to wait; null for <see cref="Patience"/>. Nobody's start is held up by the doctor.</param>
    public static async Task<AgentAnswer> Ask(Uri agent, HttpClient http, TimeSpan? atMost = null)
    {
        using var patience = new CancellationTokenSource(atMost ?? Patience);
        try
        {
            using var answer = await http.GetAsync(new Uri(agent, "/info"), patience.Token);
            var body = await answer.Content.ReadAsStringAsync(patience.Token);
            if (answer.IsSuccessStatusCode && body.Contains("\"endpoints\"", StringComparison.Ordinal)) return FromInfo(agent, body);
            return body.Contains("HTTPS port", StringComparison.OrdinalIgnoreCase) // What web servers say to plain HTTP.
                ? new AgentAnswer(AgentAnswerKind.SpeaksTls, $"it answered {(int)answer.StatusCode} and asks for HTTPS")
                : new AgentAnswer(AgentAnswerKind.NotAnAgent, $"it answered {(int)answer.StatusCode}, and not as a trace agent does");
        }
        catch (Exception problem) // Whatever answers there, the app must start.
        {
            return await FromFailure(agent, problem, http, atMost);
        }
    }

    /// <summary>
    /// Asks as <see cref="Ask"/>, and once more with <see cref="BusyPatience"/> when something of this machine gave no answer: an agent that has just been
    /// started with the apps beside it is busy, and must not be called away.
    /// </summary>
    public static async Task<AgentAnswer> AskBeforeStart(Uri agent, HttpClient http)
    {
        var answer = await Ask(agent, http);
        return answer.Kind == AgentAnswerKind.Silent && agent.IsLoopback ? await Ask(agent, http, BusyPatience) : answer;
    }

    /// <summary>Looks for an agent elsewhere on this machine: at the usual port, and where the screens say when it was their port that was asked.</summary>
    /// <param name="asked">Where none answered.</param>
    public static async Task<Uri?> FindElsewhere(Uri asked, HttpClient http)
    {
        if (asked.Port != Usual.Port && (await Ask(Usual, http)).IsAgent) return Usual;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri(asked, "/api/status"), patience.Token));
            foreach (var listener in status.RootElement.GetProperty("listeners").EnumerateArray())
                if (listener.GetProperty("name").GetString() == "agent") return new UriBuilder(asked) { Port = listener.GetProperty("port").GetInt32(), Path = "" }.Uri;
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or OperationCanceledException or KeyNotFoundException or InvalidOperationException)
        {
            // Not our screens.
        }
        return null;
    }

    static async Task<AgentAnswer> FromFailure(Uri agent, Exception problem, HttpClient http, TimeSpan? atMost)
    {
        if (problem.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }) return new AgentAnswer(AgentAnswerKind.Refused, "connection refused");
        if (agent.Scheme == "https") // Whether it hung up on the handshake or waits for the rest of what it takes for a request.
        {
            var plain = await Ask(new UriBuilder(agent) { Scheme = "http" }.Uri, http, atMost);
            if (plain.IsAgent) return new AgentAnswer(AgentAnswerKind.SpeaksPlain, "it is a trace agent that speaks plain HTTP") { UiUrl = plain.UiUrl, OtlpUrl = plain.OtlpUrl };
        }
        if (problem is OperationCanceledException) return new AgentAnswer(AgentAnswerKind.Silent, atMost is { } given ? $"no answer within {given.TotalSeconds:0} s" : "no answer within a second");
        if (problem.InnerException is SocketException unreachable) return new AgentAnswer(AgentAnswerKind.Silent, unreachable.Message);
        if (problem.InnerException is AuthenticationException refused) return new AgentAnswer(AgentAnswerKind.NotAnAgent, refused.Message);
        return agent.Scheme == "http" && await AnswersInTls(agent) ? new AgentAnswer(AgentAnswerKind.SpeaksTls, "it answered with TLS") : new AgentAnswer(AgentAnswerKind.NotAnAgent, problem.InnerException?.Message ?? problem.Message);
    }

    /// <summary>A server of TLS that is spoken to in plain words answers with an alert, or hangs up.</summary>
    static async Task<bool> AnswersInTls(Uri agent)
    {
        const byte Alert = 0x15, Tls = 0x03;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(agent.Host, agent.Port, patience.Token);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /info HTTP/1.0\r\n\r\n"), patience.Token);
            var head = new byte[2];
            return await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, patience.Token) == head.Length && head is [Alert, Tls];
        }
        catch (Exception problem) when (problem is IOException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    static AgentAnswer FromInfo(Uri agent, string body)
    {
        const string Words = "a trace agent";
        try
        {
            using var info = JsonDocument.Parse(body);
            if (!info.RootElement.TryGetProperty("apm", out var apm) || apm.ValueKind != JsonValueKind.Object) return new AgentAnswer(AgentAnswerKind.Agent, Words);
            var ui = apm.TryGetProperty("ui_port", out var uiPort) ? new UriBuilder(agent) { Scheme = "http", Port = uiPort.GetInt32(), Path = "" }.Uri : null;
            return new AgentAnswer(AgentAnswerKind.Agent, Words, ui, agent); // The agent's own port takes OTLP as well.
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return new AgentAnswer(AgentAnswerKind.NotAnAgent, $"its /info cannot be read: {problem.Message}");
        }
    }
}
