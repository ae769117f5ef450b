using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD04: the tracer was told an address where the agent is not, and the agent is somewhere else.</summary>
sealed class WrongAddress : IFaultRule
{
    public string Code => "TD04";

    public Verdict? Judge(Facts facts) =>
        facts.Launcher is not { Answer: not (AgentAnswerKind.Agent or AgentAnswerKind.SpeaksPlain), OtherAgentUrl.Length: > 0 } launcher ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"The tracer sends to {launcher.AgentUrl} ({(launcher.AgentUrlSource.Length > 0 ? $"set by {launcher.AgentUrlSource}" : "the default")}), the agent listens on {launcher.OtherAgentUrl}.",
            Evidence =
            [
                $"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}{(launcher.AnsweredBy is { } holder ? $", from {holder}" : "")}",
                $"GET {launcher.OtherAgentUrl}/info: a trace agent",
            ],
            Fix = launcher.AgentUrlSource.Length > 0 && launcher.AgentUrlSource != "DD_TRACE_AGENT_URL" ? $"unset {launcher.AgentUrlSource}; export DD_TRACE_AGENT_URL={launcher.OtherAgentUrl}" : $"export DD_TRACE_AGENT_URL={launcher.OtherAgentUrl}",
        };
}
