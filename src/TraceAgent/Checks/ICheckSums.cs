using Apm.Core.Ports;

namespace Apm.TraceAgent.Checks;

/// <summary>Sums up what the runs of one instance submit, by the rules of each kind (metrics-monitors §2.6, last table): so it remembers from run to run.</summary>
/// <remarks>One thread at a time.</remarks>
public interface ICheckSums
{
    /// <summary>Takes one value, found now.</summary>
    /// <param name="tags">With the host as <c>host:NAME</c>.</param>
    void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags);

    /// <summary>Gives what there is to keep since the last call; empty when there is nothing.</summary>
    IReadOnlyList<IncomingSeries> Flush();
}
