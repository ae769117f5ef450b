using System.Net.Sockets;
using System.Text.Json;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Launch;

/// <summary>What answers at the agent's address.</summary>
/// <param name="IsAgent">It answers <c>/info</c> as a trace agent does.</param>
/// <param name="UiUrl">The screens of the Apm that answers; null when it is another agent, or none.</param>
/// <param name="OtlpUrl">Where it takes OTLP over HTTP; null when unknown.</param>
/// <param name="Problem">A sentence when spans will not arrive; "" when all is well.</param>
public sealed record AgentAnswer(bool IsAgent, Uri? UiUrl, Uri? OtlpUrl, string Problem);

/// <summary>Asks the agent's address once, quickly, before the app starts.</summary>
public static class AgentProbe
{
    /// <summary>How long the app's start may be held up at most.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(1);

    /// <summary>The address from <c>DD_TRACE_AGENT_URL</c>, else host and port variables, else localhost:8126 (trace-intake §10.2).</summary>
    public static Uri AddressFrom(Func<string, string?> environment)
    {
        if (Uri.TryCreate(environment("DD_TRACE_AGENT_URL"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
        var host = environment("DD_AGENT_HOST") ?? environment("DD_TRACE_AGENT_HOSTNAME") ?? "localhost";
        var port = environment("DD_TRACE_AGENT_PORT") ?? "8126";
        return Uri.TryCreate($"http://{host}:{port}", UriKind.Absolute, out var built) ? built : new Uri("http://localhost:8126");
    }

    /// <summary>Never throws; what goes wrong is in the answer.</summary>
    public static async Task<AgentAnswer> Ask(Uri agent, HttpClient http)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var answer = await http.GetAsync(new Uri(agent, "/info"), patience.Token);
            var body = await answer.Content.ReadAsStringAsync(patience.Token);
            if (!answer.IsSuccessStatusCode || !body.Contains("\"endpoints\"", StringComparison.Ordinal))
                return new AgentAnswer(false, null, null, $"{agent} is answered by something that is not a trace agent ({PortCheck.OwnerOf(agent.Port) ?? $"status {(int)answer.StatusCode}"}). Stop it, or run apm on another port and set DD_TRACE_AGENT_URL.");
            return FromInfo(agent, body);
        }
        catch (Exception problem) // Whatever answers there, the app must start.
        {
            var why = problem.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "nothing listens there" : problem is OperationCanceledException ? "no answer within a second" : problem.Message;
            return new AgentAnswer(false, null, null, $"the agent at {agent} does not answer: {why}. Start it with ./apm up; the app runs on, and its spans arrive once the agent is there.");
        }
    }

    static AgentAnswer FromInfo(Uri agent, string body)
    {
        using var info = JsonDocument.Parse(body);
        if (!info.RootElement.TryGetProperty("apm", out var apm) || apm.ValueKind != JsonValueKind.Object) return new AgentAnswer(true, null, null, "");
        var ui = apm.TryGetProperty("ui_port", out var uiPort) ? new UriBuilder(agent) { Port = uiPort.GetInt32(), Path = "" }.Uri : null;
        return new AgentAnswer(true, ui, agent, ""); // The agent's own port takes OTLP as well.
    }
}
