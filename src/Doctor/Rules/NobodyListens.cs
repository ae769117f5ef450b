using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD25: an ActivitySource creates activities and nobody listens.</summary>
sealed class NobodyListens : IFaultRule
{
    /// <summary>The setting under which the start-up hook tells of them.</summary>
    public const string Setting = "sources_not_taken";

    public string Code => "TD25";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { } process || process.Info.Settings.GetValueOrDefault(Setting) is not { Length: > 0 } told) return null;
        var sources = told.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            IsNote = true,
            Sentence = $"{(sources.Length == 1 ? $"ActivitySource {sources[0]} is there and nobody listens to it" : $"ActivitySources {string.Join(", ", sources.Take(5))} are there and nobody listens to them")}: what {Who.Name(facts)} does in {(sources.Length == 1 ? "it" : "them")} makes no spans.",
            Evidence = [$"The tracer in pid {process.Info.ProcessId} told of {Say.Count(sources.Length, "source")} that it was set to pass over."],
            Fix = $"export APM_SOURCES={string.Join(',', sources)}   # or unset APM_ALL_SOURCES",
        };
    }
}
