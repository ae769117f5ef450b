using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD06: a tab indents a line of YAML.</summary>
sealed class TabInYaml : IFaultRule
{
    public string Code => "TD06";

    public Verdict? Judge(Facts facts) =>
        !facts.IsOverall || facts.Agent?.ConfigFaults.FirstOrDefault(fault => fault.Kind == ConfigFaultKind.Tab) is not { } fault ? null
        : new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            Sentence = $"{fault.File} line {fault.Line}: a tab is not allowed in the indentation of YAML. Write blanks.",
            Evidence = ConfigLines.Of(fault),
            Fix = string.Join('\n', fault.Corrected),
        };
}
