using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD05: a key of the configuration stands beside the group it belongs into.</summary>
sealed class MisplacedKey : IFaultRule
{
    public string Code => "TD05";

    public Verdict? Judge(Facts facts)
    {
        if (!facts.IsOverall || facts.Agent?.ConfigFaults.FirstOrDefault(fault => fault.Kind == ConfigFaultKind.Misplaced) is not { } fault) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            Sentence = $"{fault.File} line {fault.Line}, column {fault.Column}: \"{fault.Key}\" stands beside {fault.Group} in place of below it. Indent it by two spaces; as it stands it is passed over{(fault is { Group: "apm_config", Key: "enabled" } ? ", and a Datadog agent leaves tracing off" : "")}.",
            Evidence = ConfigLines.Of(fault),
            Fix = string.Join('\n', fault.Corrected),
        };
    }
}

/// <summary>A place in a file, as evidence.</summary>
static class ConfigLines
{
    public static IReadOnlyList<string> Of(ConfigFault fault) => [$"{fault.File}:{fault.Line}: {fault.Written.Replace('\t', '→')}", fault.Sentence];
}
