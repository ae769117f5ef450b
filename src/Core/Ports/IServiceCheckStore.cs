using Apm.Core.Checks;

namespace Apm.Core.Ports;

/// <summary>
/// Keeps what service checks answered: of each check on a host with its tags the last answer and a short history. What came in the last
/// seconds before a crash may be gone; the next run of the check says it anew.
/// </summary>
/// <remarks>Any thread may call anything.</remarks>
public interface IServiceCheckStore : IDisposable
{
    /// <summary>Takes an answer. It is in memory when the call returns, on disk after <see cref="Save"/>.</summary>
    void Add(ServiceCheckRun run);

    /// <summary>What is known, by check, host and tags.</summary>
    /// <param name="check">Only this one; null for all.</param>
    IReadOnlyList<ServiceCheckHistory> Read(string? check = null);

    /// <summary>Makes durable what came since the last call. Quick when nothing did.</summary>
    /// <exception cref="StoreUnavailableException">Some is not on disk; the next call tries again.</exception>
    void Save();
}

/// <summary>The answers of one check on one host with one set of tags.</summary>
/// <param name="Runs">At least one, the newest first; at most <see cref="MaxRuns"/>.</param>
public sealed record ServiceCheckHistory(IReadOnlyList<ServiceCheckRun> Runs)
{
    /// <summary>Most answers kept of one check, host and tags; default 20. The oldest goes.</summary>
    public const int MaxRuns = 20;

    public ServiceCheckRun Last => Runs[0];
}
