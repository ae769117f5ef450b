using Apm.Core.Ids;
using Apm.Query.Traces;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>
/// The numbers by which Grafana puts the spans of an answer into a tree: each span has one before and one after those of all spans beneath it, and knows the first
/// number of its parent, -1 when there is none.
/// </summary>
sealed class NestedSets
{
    readonly Dictionary<(SpanId Id, string Service), (int Left, int Right, int Parent)> _numbers = [];

    public NestedSets(TraceTree trace)
    {
        var (open, next) = (new Stack<(TraceNode Node, int Left)>(), 1);
        foreach (var node in trace.Nodes)
        {
            CloseUntil(node.Index);
            open.Push((node, node.IsGap ? 0 : next++)); // A gap is no span, and has no numbers.
        }
        CloseUntil(trace.Nodes.Count);

        void CloseUntil(int index)
        {
            while (open.TryPeek(out var last) && last.Node.Index + last.Node.DescendantCount < index)
            {
                var (node, left) = open.Pop();
                if (node.IsGap) continue;
                _numbers.TryAdd((node.SpanId, node.Service), (left, next++, open.TryPeek(out var parent) && parent.Left > 0 ? parent.Left : -1));
            }
        }
    }

    /// <summary>A span's number by its TraceQL name; null when the span is not of the trace.</summary>
    public long? Of(SpanId id, string service, string name) => !_numbers.TryGetValue((id, service), out var numbers) ? null : name switch
    {
        "nestedSetLeft" => numbers.Left,
        "nestedSetRight" => numbers.Right,
        _ => numbers.Parent,
    };
}
