using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD19: inside a container, localhost is the container. Where an agent has run in it before, it is more likely that this one was stopped.</summary>
sealed class LocalhostOfContainer : IFaultRule
{
    public string Code => "TD19";

    public Verdict? Judge(Facts facts) =>
        facts.Launcher is not { IsInContainer: true, IsContainersMain: true, AgentHasRunHere: false, Answer: AgentAnswerKind.Refused } launcher || !Uri.TryCreate(launcher.AgentUrl, UriKind.Absolute, out var url) || !url.IsLoopback ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"The app runs in a container, where {url.Host} is the container itself and no agent listens. The agent takes connections of its own machine only, so let the container share the host's network.",
            Evidence = [$"GET {launcher.AgentUrl}/info: {launcher.AnswerDetail}", "The file system says that this is a container, the app is what it was started with, and no agent has left a trace in it."],
            Fix = "docker run --network=host …",
        };
}
