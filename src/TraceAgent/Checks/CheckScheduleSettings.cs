namespace Apm.TraceAgent.Checks;

/// <summary>How checks are run.</summary>
public sealed record CheckScheduleSettings
{
    /// <summary>Most checks that run at once; default 4. Others wait until one has ended; those that are built in do not.</summary>
    public int MaxRunners { get; init; } = 4;

    /// <summary>How long a run may take; default 30 s. A longer one is stopped and has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most instances of all checks; default 1,000. Those beyond are not run, and said.</summary>
    public int MaxInstances { get; init; } = 1_000;

    /// <summary>Most numbers, events and answers of one run; default 100,000. Further ones are dropped, said with the instance and counted in <c>check_submissions_dropped</c>.</summary>
    public int MaxSubmissionsPerRun { get; init; } = 100_000;

    /// <summary>How long a run that was told to end has for it; default 2 s. Then its instance is left alone until it does end.</summary>
    public TimeSpan EndGrace { get; init; } = TimeSpan.FromSeconds(2);
}
