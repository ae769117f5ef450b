using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD30: a variable switches the tracer off.</summary>
sealed class TracingSwitchedOff : IFaultRule
{
    static readonly (string Name, string[] Off)[] Switches =
    [
        ("DD_TRACE_ENABLED", ["false", "0", "no", "off"]), ("OTEL_SDK_DISABLED", ["true"]), ("OTEL_TRACES_EXPORTER", ["none"]), ("DD_APM_TRACING_ENABLED", ["false", "0"]),
    ];

    public string Code => "TD30";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { } launcher || !Who.IsUnheardOf(facts)) return null;
        var (name, _) = Array.Find(Switches, one => one.Off.Contains(Who.Variable(facts, one.Name), StringComparer.OrdinalIgnoreCase));
        return name is null ? null : new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = $"{name}={Who.Variable(facts, name)} switches tracing off in {Who.Name(facts)}. Unset it.",
            Evidence = [$"The app's environment has {name}={Who.Variable(facts, name)}.", $"Nothing has come from it in {Say.Seconds(launcher.ElapsedSeconds)}."],
            Fix = $"unset {name}",
        };
    }
}
