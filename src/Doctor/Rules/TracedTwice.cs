using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD26: the launcher and a middleware in the code both trace; the middleware yields.</summary>
sealed class TracedTwice : IFaultRule
{
    /// <summary>The setting under which the tracer tells which middleware yielded.</summary>
    public const string Setting = "middleware_yields";

    public string Code => "TD26";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { } process || Other(process.Info.Settings) is not { Length: > 0 } other) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            IsNote = true,
            Sentence = $"Both the launcher and {other} trace {Who.Name(facts)}: the spans would be doubled, so one of them yields. One is enough.",
            Evidence = [$"The tracer in pid {process.Info.ProcessId} was injected, and found {other}."],
        };
    }

    static string Other(IReadOnlyDictionary<string, string> settings) =>
        settings.GetValueOrDefault(Setting) is { Length: > 0 } middleware ? $"the {middleware} middleware in the code"
        : settings.GetValueOrDefault("tracer") switch { "opentelemetry" => "the OpenTelemetry SDK in the code", "apm-by-hand" => "AddApmTracing in the code", _ => "" };
}
