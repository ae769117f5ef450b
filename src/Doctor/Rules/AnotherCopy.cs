using Apm.Core.Diagnosis;
using Apm.Core.Time;

namespace Apm.Doctor.Rules;

/// <summary>TD14: the port that requests go to is held by another process than the one that is traced.</summary>
sealed class AnotherCopy : IFaultRule
{
    public string Code => "TD14";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Process is not { HasSpans: false } process || process.Ports.FirstOrDefault(port => port.Others.Count > 0) is not { } port) return null;
        var other = port.Others[0];
        var since = other.StartedUnixSeconds > 0 ? $", started {Say.Ago(other.StartedUnixSeconds * UnixTime.NanosPerSecond, facts.NowUnixNanos)}" : "";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Process,
            Sentence = $"Requests to port {port.Port} go to another copy: {other}{since}, which is not traced. Stop it and start {Who.Name(facts)} again.",
            Evidence =
            [
                $"{other} holds a listening socket of port {port.Port}.",
                port.IsHeld ? $"pid {process.Info.ProcessId} holds one too, and the system gives requests to either." : $"pid {process.Info.ProcessId}, which is traced and says it listens there, does not.",
            ],
            Fix = $"kill {other.ProcessId}",
        };
    }
}
