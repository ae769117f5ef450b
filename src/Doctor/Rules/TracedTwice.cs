using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD26: the launcher and a middleware in the code both trace; the middleware yields.</summary>
sealed class TracedTwice : IFaultRule
{
    /// <summary>The setting under which the tracer tells which middleware yielded.</summary>
    public const string Setting = "middleware_yields";

    public string Code => "TD26";

    public Verdict? Judge(Facts facts) =>
        facts.Process?.Info.Settings.GetValueOrDefault(Setting) is not { Length: > 0 } middleware ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            IsNote = true,
            Sentence = $"Both the launcher and {middleware} in the code trace {Who.Name(facts)}: the spans would be doubled, so the one in the code yields. One of the two is enough.",
            Evidence = [$"The tracer in pid {facts.Process.Info.ProcessId} was injected, and {middleware} was set up after it."],
        };
}
