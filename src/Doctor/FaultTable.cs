using Apm.Core.Diagnosis;
using Apm.Doctor.Rules;

namespace Apm.Doctor;

/// <summary>
/// All rules in the order in which they are believed: first what makes arriving impossible and is certain, last "nobody has sent a
/// request yet", which is so whenever nothing else is wrong.
/// </summary>
public static class FaultTable
{
    /// <summary>The order decides which verdict comes first.</summary>
    public static IReadOnlyList<IFaultRule> Rules { get; } =
    [
        // Nothing can arrive: the address, what answers there, the way to it.
        new UnusableAddress(), new PortTakenByAnother(), new WrongAddress(), new LocalhostOfContainer(), new NothingListens(), new TlsMismatch(), new ProxyInBetween(),
        // It arrives and is refused.
        new RefusedVersion(), new UnknownPath(), new PayloadTooLarge(),
        // The tracer is not in the process that serves.
        new TracingSwitchedOff(), new WrongInterpreter(), new HooksPassedOver(), new NoTracerForLanguage(), new ReloaderChild(), new ForkedWorkers(),
        // The process is traced, and requests go elsewhere or into nothing.
        new AnotherCopy(), new SampledOut(), new EmptyPayloads(), new ClockApart(),
        // The screen looks elsewhere.
        new OtherEnvironment(), new FilterTooNarrow(), new OutsideOfWindow(), new BrowserClock(),
        // The installation.
        new MisplacedKey(), new TabInYaml(), new EvictedByBudget(), new NobodyListens(), new TracedTwice(), new BrokenSeams(), new UnnamedService(), new MutedNoise(), new OtherProtocol(), new MonitorOutOfReach(),
        new NoRequestYet(), new NothingSeenYet(),
    ];

    /// <summary>How far up in the order a verdict's rule stands: the smaller, the earlier it is told.</summary>
    public static int RankOf(Verdict verdict) => Enumerable.Range(0, Rules.Count).First(at => Rules[at].Code == verdict.Code);

    /// <summary>Asks all rules. A fault is named only while traces do not flow; notes always.</summary>
    public static Judgement Judge(Facts facts)
    {
        var verdicts = Rules.Select(rule => rule.Judge(facts)).OfType<Verdict>().ToList();
        var faults = facts.TracesFlow ? [] : verdicts.Where(verdict => !verdict.IsNote).ToList();
        return new Judgement(faults.FirstOrDefault(), [.. faults.Skip(1)], [.. verdicts.Where(verdict => verdict.IsNote)]);
    }
}
