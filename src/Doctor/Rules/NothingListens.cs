using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD02: nobody listens at the agent's address.</summary>
sealed class NothingListens : IFaultRule
{
    public string Code => "TD02";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { Answer: AgentAnswerKind.Refused or AgentAnswerKind.Silent } launcher) return null;
        var port = Uri.TryCreate(launcher.AgentUrl, UriKind.Absolute, out var url) ? url.Port : 8126;
        var what = launcher.Answer == AgentAnswerKind.Refused ? $"Nothing listens on {launcher.AgentUrl}: the agent is not running." : $"Nothing answers at {launcher.AgentUrl} in time.";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"{what}{(launcher.LastAgentWords.Length > 0 ? " " + launcher.LastAgentWords : "")} The app runs on, and its spans arrive once the agent is there.",
            Evidence =
            [
                $"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}", launcher.AgentUrlSource.Length > 0 ? $"The address is set by {launcher.AgentUrlSource}." : "The address is the tracers' default.",
                .. launcher.IsInContainer ? ["This is a container: an agent outside of it is reached by localhost only when it shares the host's network (docker run --network=host)."] : Array.Empty<string>(),
            ],
            Fix = port == 8126 ? "./apm up" : $"./apm up --port agent={port}",
        };
    }
}
