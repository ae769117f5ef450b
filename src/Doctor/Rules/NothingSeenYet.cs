using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD34: nothing has ever come: no app was started with a tracer. Or the launched app serves nothing that a tracer knows.</summary>
sealed class NothingSeenYet : IFaultRule
{
    /// <summary>A server may load for a while before it listens.</summary>
    const double NoServerAfterSeconds = 20;

    public string Code => "TD34";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is { Answer: AgentAnswerKind.Agent } launcher && Who.IsUnheardOf(facts) && launcher.Processes.SelectMany(member => member.Ports).Distinct().ToList() is { Count: > 0 } ports)
            return new Verdict
            {
                Code = Code,
                Stage = WayStage.Tracer,
                Sentence = $"{Who.Name(facts)} listens on port {string.Join(", ", ports)}, and its tracer has not told of itself in {Say.Seconds(launcher.ElapsedSeconds)}: it serves with a library that the tracer does not know, or was started in another way. Put the tracer of its framework into it.",
                Evidence = [$"pid {launcher.ProcessId} ({launcher.Command}) holds a listening socket.", launcher.ImportsTracer == true ? "The tracer can be imported there." : "Nothing came on the agent's port from it."],
            };
        if (facts.Launcher is { Answer: AgentAnswerKind.Agent, ImportsTracer: true, ElapsedSeconds: >= NoServerAfterSeconds } job && Who.IsUnheardOf(facts))
            return new Verdict
            {
                Code = Code,
                Stage = WayStage.Tracer,
                Sentence = $"{Who.Name(facts)} runs with the tracer in reach, listens on no port, and uses no library that the tracer knows, so it makes no spans by itself. Write those you want to see.",
                Evidence = [$"The tracer can be imported in {job.Interpreter}.", $"No process of it listens, and nothing has come from it in {Say.Seconds(job.ElapsedSeconds)}."],
                Fix = "from apm_tracing import tracer   # with tracer.trace('my.work'): …",
            };
        if (!facts.IsOverall || facts.Agent is not { } agent || facts.Announced.Any(process => !process.Info.HasEnded) || agent.Services.Any(fate => fate.ReceivedSpanCount > 0) || agent.Paths.Sum(path => path.Ok + path.Refused) > 0) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Process,
            Sentence = $"No tracer has connected yet. Start an app with one: ./apm-run python3 flaskapp.py",
            Evidence = [$"Nothing has come on {string.Join(", ", agent.Listeners.Select(listener => $"{listener.Key} {listener.Value}"))} since Apm started."],
            Fix = "./apm-run python3 flaskapp.py",
        };
    }
}
