using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD03: the agent's port is answered by a program that is no agent; by the app itself, often enough.</summary>
sealed class PortTakenByAnother : IFaultRule
{
    public string Code => "TD03";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { Answer: AgentAnswerKind.NotAnAgent } launcher || !Uri.TryCreate(launcher.AgentUrl, UriKind.Absolute, out var url)) return null;
        if (launcher.OtherAgentUrl.Length > 0 && launcher.AgentUrlSource.Length > 0) return null; // TD04 says it better.
        var isApp = launcher.AnsweredBy is { } holder && launcher.Processes.Any(member => member.ProcessId == holder.ProcessId);
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = isApp
                ? $"Port {url.Port} is answered by the app's own web server, {launcher.AnsweredBy}, so the agent cannot have it. Let the app listen elsewhere, such as on 5050."
                : $"Port {url.Port} is answered by {launcher.AnsweredBy?.ToString() ?? "a process that this user may not see"}, which is not a trace agent.",
            Evidence = [$"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}", launcher.AnsweredBy is { } owner ? $"{owner} holds the listening socket of port {url.Port}." : "The system does not tell this user who holds the socket."],
            Fix = isApp ? "./apm up" : "./apm up --port agent=9126   # and for the app: DD_TRACE_AGENT_URL=http://localhost:9126",
        };
    }
}
