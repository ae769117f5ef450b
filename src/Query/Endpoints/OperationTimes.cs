using Apm.Query.Traces;

namespace Apm.Query.Endpoints;

/// <summary>What the requests of an endpoint consist of: its operations with their calls and times, over some traces. Immutable.</summary>
/// <param name="RequestCount">Requests to the endpoint in the traces looked at.</param>
/// <param name="TraceCount">Traces that hold at least one of them.</param>
/// <param name="Operations">Most own time first.</param>
public sealed record OperationTimes(int RequestCount, int TraceCount, IReadOnlyList<OperationTime> Operations)
{
    /// <summary>Of no trace.</summary>
    public static OperationTimes None { get; } = new(0, 0, []);

    /// <summary>Sums up what is below each request to the endpoint; what its callers did besides is not its time.</summary>
    /// <param name="trees">Traces that hold such requests.</param>
    /// <param name="isRequest">Whether a node is a request to the endpoint.</param>
    public static OperationTimes Of(IEnumerable<TraceTree> trees, Func<TraceNode, bool> isRequest)
    {
        var sums = new Dictionary<Operation, Sum>();
        var (requests, traces) = (0, 0);
        foreach (var tree in trees)
        {
            var before = requests;
            for (var i = 0; i < tree.Nodes.Count; i++)
            {
                if (tree.Nodes[i].IsGap || !isRequest(tree.Nodes[i])) continue;
                requests++;
                var end = i + tree.Nodes[i].DescendantCount;
                for (var at = i; at <= end; at++) Add(tree.Nodes[at], requests);
                i = end; // One below another is a part of it.
            }
            if (requests > before) traces++;
        }
        if (requests == 0) return None;
        var total = Math.Max(1, sums.Values.Sum(sum => sum.SelfNanos));
        var waited = Math.Max(1, sums.Values.Sum(sum => sum.WaitedNanos));
        return new OperationTimes(requests, traces,
        [
            .. sums.Select(pair => new OperationTime(pair.Key, pair.Value.Calls / (double)requests, pair.Value.Requests / (double)requests,
                    pair.Value.SelfNanos / requests, pair.Value.WaitedNanos / requests, pair.Value.SelfNanos / total, pair.Value.WaitedNanos / waited))
                .OrderByDescending(time => time.SelfNanos).ThenBy(time => time.Operation.Service, StringComparer.Ordinal).ThenBy(time => time.Operation.Resource, StringComparer.Ordinal),
        ]);

        void Add(TraceNode node, int request)
        {
            if (node.IsGap) return;
            var key = new Operation(node.Service, node.Name, node.Resource.Length > 0 ? node.Resource : node.Name);
            if (!sums.TryGetValue(key, out var sum)) sums.Add(key, sum = new Sum());
            sum.Calls++;
            if (sum.LastRequest != request) sum.Requests++;
            sum.LastRequest = request;
            sum.SelfNanos += node.SelfNanos;
            if (node.IsOnCriticalPath) sum.WaitedNanos += node.SelfNanos;
        }
    }

    /// <summary>An operation's time; null when no request has it.</summary>
    public OperationTime? Find(Operation operation) => Operations.FirstOrDefault(time => time.Operation == operation);

    sealed class Sum
    {
        public int Calls, Requests, LastRequest;
        public double SelfNanos, WaitedNanos;
    }
}

/// <summary>What spans have in common that do the same.</summary>
/// <param name="Resource">The span's operation name when it has none.</param>
public sealed record Operation(string Service, string Name, string Resource);

/// <summary>One operation's part of an endpoint's requests.</summary>
/// <param name="CallsPerRequest">Spans of it per request, on average.</param>
/// <param name="RequestShare">Part of the requests that call it at all, 0 to 1.</param>
/// <param name="SelfNanos">Own time per request: without what its children took.</param>
/// <param name="WaitedNanos">The part of it on the critical path: were it nothing, a request would be shorter by so much.</param>
/// <param name="Share">Its part of all own time, 0 to 1.</param>
/// <param name="WaitedShare">Its part of the critical path over all requests, 0 to 1.</param>
public sealed record OperationTime(Operation Operation, double CallsPerRequest, double RequestShare, double SelfNanos, double WaitedNanos, double Share, double WaitedShare);
