using Apm.Core.Diagnosis;

namespace Apm.Doctor;

/// <summary>The stations of a span's way with what has passed each, and where it first stops.</summary>
public static class WayBoard
{
    /// <summary>All eight stations in their order.</summary>
    /// <param name="facts">Of a process, or of the installation.</param>
    /// <param name="judgement">What the rules made of the same facts.</param>
    public static IReadOnlyList<StageState> Of(Facts facts, Judgement judgement) => [.. Enum.GetValues<WayStage>().Select(stage => StateOf(stage, facts, judgement))];

    static StageState StateOf(WayStage stage, Facts facts, Judgement judgement)
    {
        var (count, hasPassed) = Passed(stage, facts);
        var fault = judgement.First?.Stage == stage ? judgement.First : null;
        var note = judgement.Notes.FirstOrDefault(verdict => verdict.Stage == stage);
        var health = fault is { Code: "TD01" or "TD34" } ? StageHealth.Waiting // Nothing is broken: somebody has to do something.
            : fault is not null ? StageHealth.Fault
            : note is not null ? StageHealth.Noted
            : hasPassed ? StageHealth.Ok : StageHealth.Waiting;
        return new StageState(stage, health, count, (fault ?? note)?.Sentence ?? "");
    }

    static (string Count, bool HasPassed) Passed(WayStage stage, Facts facts)
    {
        var processes = facts.Announced.Where(process => !process.Info.HasEnded && process.IsRunning != false).ToList();
        var fates = facts.IsOverall ? facts.Agent?.Services ?? [] : facts.Fate is { } fate ? [fate] : [];
        var (received, kept) = (fates.Sum(fate => fate.ReceivedSpanCount), fates.Sum(fate => fate.KeptSpanCount));
        var paths = facts.Agent?.Paths ?? [];
        return stage switch
        {
            WayStage.Process => (processes.Count > 0 ? Say.Count(processes.Count, "process", "processes") : facts.Launcher is not null ? "1 process" : "none seen", processes.Count > 0 || facts.Launcher is not null),
            WayStage.Tracer => (processes.Count > 0 ? $"{Say.Count(processes.Count)} told of themselves" : "none heard", processes.Count > 0 || received > 0),
            WayStage.Socket => facts.IsOverall ? (Say.Count(paths.Sum(path => path.Ok + path.Refused), "request"), paths.Sum(path => path.Ok + path.Refused) > 0 || received > 0) : (processes.Count > 0 || received > 0 ? "reached" : "not reached", processes.Count > 0 || received > 0),
            WayStage.Receiver => (Say.Count(received, "span") + " received", received > 0),
            WayStage.Sampler => (received > 0 ? $"{Say.Count(kept)} of {Say.Count(received)} kept" : "nothing yet", kept > 0),
            WayStage.Store => facts.IsOverall ? (Say.Count(facts.Agent?.Store.SpanCount ?? 0, "span") + " stored", facts.Agent?.Store.SpanCount > 0) : (Say.Count(kept, "span") + " stored", kept > 0),
            WayStage.Query => facts.IsOverall ? (facts.Agent?.Store.SpanCount > 0 ? "answers" : "nothing to find", facts.Agent?.Store.SpanCount > 0) : (kept > 0 ? "found" : "nothing to find", kept > 0),
            _ => ("told on the screen Doctor", false), // Which puts itself in this place.
        };
    }
}
