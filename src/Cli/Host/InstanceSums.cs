using Apm.Core.Ports;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Metrics;

namespace Apm.Cli.Host;

/// <summary>Hands what an instance submits to the rules of summing up.</summary>
sealed class InstanceSums(CheckAggregator aggregator) : ICheckSums
{
    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags) => aggregator.Submit(kind, metric, value, tags);

    public IReadOnlyList<IncomingSeries> Flush() => aggregator.Flush();
}
