using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD35: a .NET app passes over the start-up hook that would trace it.</summary>
sealed class HooksPassedOver : IFaultRule
{
    public string Code => "TD35";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { DotNet: { } dotnet } launcher || !Who.IsUnheardOf(facts) || dotnet is { HooksOffIn: "", HasLostVariable: false }) return null;
        var who = $"pid {dotnet.ProcessId} ({launcher.Processes.FirstOrDefault(member => member.ProcessId == dotnet.ProcessId)?.Command ?? launcher.Command})";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = dotnet.HooksOffIn.Length > 0
                ? $"{Who.Name(facts)} runs .NET with start-up hooks switched off by {dotnet.HooksOffIn}, so the tracer is not in it. Build it with StartupHookSupport, or call AddApmTracing in its code."
                : $"{Who.Name(facts)} runs .NET, and its environment has lost DOTNET_STARTUP_HOOKS, so the tracer is not in it. Put apm-run behind whatever clears the environment.",
            Evidence = [dotnet.HooksOffIn.Length > 0 ? "The file has System.StartupHookProvider.IsSupported: false, as trimmed apps have." : $"{who} has no DOTNET_STARTUP_HOOKS that names the tracer.", $"Nothing has come from {who} in {Say.Seconds(launcher.ElapsedSeconds)}."],
            Fix = dotnet.HooksOffIn.Length > 0 ? "dotnet publish -p:StartupHookSupport=true" : "env -i PATH=\"$PATH\" ./apm-run dotnet app.dll   # not: ./apm-run env -i …",
        };
    }
}
