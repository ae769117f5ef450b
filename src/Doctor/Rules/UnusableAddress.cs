using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD36: the agent's address was set to something that a tracer cannot send to here: another scheme, or no address at all.</summary>
sealed class UnusableAddress : IFaultRule
{
    public string Code => "TD36";

    public Verdict? Judge(Facts facts) =>
        facts.Launcher is not { UnusableAddress.Length: > 0 } launcher ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"DD_TRACE_AGENT_URL={launcher.UnusableAddress} {(launcher.UnusableAddress.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) ? "names a socket file that is not there, and Apm listens on TCP ports" : "is no address of a trace agent")}. Write {launcher.AgentUrl}.",
            Evidence = [$"The app's environment has DD_TRACE_AGENT_URL={launcher.UnusableAddress}.", $"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}"],
            Fix = $"export DD_TRACE_AGENT_URL={launcher.AgentUrl}",
        };
}
