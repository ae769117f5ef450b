using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD16: one side speaks TLS, the other does not.</summary>
sealed class TlsMismatch : IFaultRule
{
    public string Code => "TD16";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is { Answer: AgentAnswerKind.SpeaksTls } launcher)
            return new Verdict
            {
                Code = Code,
                Stage = WayStage.Socket,
                Sentence = $"{launcher.AgentUrl} speaks TLS, and the tracer speaks plain HTTP to it{(launcher.AgentUrlSource.Length > 0 ? $" (set by {launcher.AgentUrlSource})" : "")}. That is another port than the trace agent's.",
                Evidence = [$"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}{(launcher.AnsweredBy is { } holder ? $", from {holder}" : "")}"],
                Fix = "export DD_TRACE_AGENT_URL=http://localhost:8126",
            };
        if (facts.Launcher is { Answer: AgentAnswerKind.SpeaksPlain } secure)
            return new Verdict
            {
                Code = Code,
                Stage = WayStage.Socket,
                Sentence = $"The tracer speaks TLS to {secure.AgentUrl}{(secure.AgentUrlSource.Length > 0 ? $" (set by {secure.AgentUrlSource})" : "")}, which speaks plain HTTP. Write http:// in place of https://.",
                Evidence = [$"{secure.AgentUrl}: {secure.AnswerDetail}."],
                Fix = $"export DD_TRACE_AGENT_URL={secure.AgentUrl.Replace("https://", "http://", StringComparison.Ordinal)}",
            };
        if (Mine(facts, facts.Agent?.WrongProtocols.Where(wrong => wrong.Spoken == SpokenProtocol.Tls) ?? []) is not { } tls) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"TLS came on port {tls.Port} ({tls.Listener}), which speaks plain HTTP, from {tls.Sender?.ToString() ?? "a process that the system does not name"}. Write http:// in place of https:// in the address it sends to.",
            Evidence = [$"{Say.Count(tls.Count, "connection")} to port {tls.Port} began with a TLS handshake, the last {Say.Ago(tls.LastUnixNanos, facts.NowUnixNanos)}."],
            Fix = tls.Listener == "agent" ? $"export DD_TRACE_AGENT_URL=http://localhost:{tls.Port}" : $"export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{tls.Port}",
        };
    }

    /// <summary>Of the app, or where that cannot be told, of anybody while nothing of the app has come.</summary>
    internal static WrongProtocol? Mine(Facts facts, IEnumerable<WrongProtocol> wrong)
    {
        if (facts.IsOverall) return wrong.FirstOrDefault();
        var family = facts.Launcher?.Processes.Select(member => member.ProcessId).Append(facts.Launcher.ProcessId).ToHashSet() ?? [facts.Process?.Info.ProcessId ?? 0];
        return wrong.FirstOrDefault(one => one.Sender is { } sender ? family.Contains(sender.ProcessId) : Who.IsUnheardOf(facts));
    }
}
