using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD23: nobody gave the service a name.</summary>
sealed class UnnamedService : IFaultRule
{
    public string Code => "TD23";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { } process || !IsMadeUp(process.Info.Service)) return null;
        var guess = facts.Launcher?.Service is { Length: > 0 } launched && !IsMadeUp(launched) ? launched : "";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            IsNote = true,
            Sentence = $"The service is called {process.Info.Service}, which its tracer made up; set DD_SERVICE{(guess.Length > 0 ? $" (the command suggests {guess})" : "")}.",
            Evidence = [$"pid {process.Info.ProcessId} names no service in DD_SERVICE or OTEL_SERVICE_NAME."],
            Fix = $"export DD_SERVICE={(guess.Length > 0 ? guess : "my-app")}",
        };
    }

    static bool IsMadeUp(string service) =>
        service.StartsWith("unnamed-", StringComparison.Ordinal) || service.StartsWith("unknown_service", StringComparison.Ordinal) || service is "python" or "dotnet" or "node" or "java";
}
