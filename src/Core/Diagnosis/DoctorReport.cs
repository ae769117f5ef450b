namespace Apm.Core.Diagnosis;

/// <summary>The doctor's report: the installation, and each app that runs.</summary>
public sealed record DoctorReport
{
    /// <summary>Most apps in a report; default 50. Further ones are counted in <see cref="LeftOutCount"/>.</summary>
    public const int MaxCases = 50;

    public required long NowUnixNanos { get; init; }

    /// <summary>The fault to tell first, of the installation or of any app; null when there is none.</summary>
    public required Verdict? Headline { get; init; }

    /// <summary>The app that <see cref="Headline"/> is about; null when it is about the installation.</summary>
    public DoctorCase? HeadlineCase { get; init; }
    public required DoctorCase Overall { get; init; }

    /// <summary>Apps, those with a fault first.</summary>
    public required IReadOnlyList<DoctorCase> Cases { get; init; }
    public int LeftOutCount { get; init; }
}

/// <summary>What is known of an app or of the installation, and what the rules make of it.</summary>
public sealed record DoctorCase(Facts Facts, Judgement Judgement, IReadOnlyList<StageState> Stages)
{
    /// <summary>"" when nobody gave it a name.</summary>
    public string Service => Facts.Process?.Info.Service is { Length: > 0 } told ? told : Facts.Launcher?.Service ?? "";

    /// <summary>0 when unknown.</summary>
    public int ProcessId => Facts.Process?.Info.ProcessId is > 0 and var told ? told : Facts.Launcher?.ProcessId ?? 0;
}

/// <summary>A trace that the doctor sent to the agent itself, to see it pass.</summary>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="SentUnixNanos">When.</param>
/// <param name="Status">What the agent's own port answered; 0 when it did not.</param>
/// <param name="Answer">Its words, or why there was none.</param>
/// <param name="ElapsedMilliseconds">From sending to the answer.</param>
public sealed record TestTrace(string TraceId, long SentUnixNanos, int Status, string Answer, double ElapsedMilliseconds)
{
    /// <summary>Its service: such spans are told apart, and do not count as an app's.</summary>
    public const string Service = "apm-doctor";
}

/// <summary>What came of a request that was sent to an app for a user.</summary>
/// <param name="Url">Where it went; "" when it was not sent.</param>
/// <param name="Status">The app's answer; 0 when there was none.</param>
/// <param name="Sentence">What happened, or why nothing was sent.</param>
public sealed record RouteCall(string Url, int Status, string Sentence)
{
    public bool WasSent => Url.Length > 0;
}
