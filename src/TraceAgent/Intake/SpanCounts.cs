using Apm.Core.Counting;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Intake;

/// <summary>Counts the spans of a batch under their services, so that what came in and what became of it can be set against each other.</summary>
public static class SpanCounts
{
    /// <summary>Adds each span to the counter of its service.</summary>
    /// <param name="batch">Normalised, so that a service has one name everywhere.</param>
    public static void Add(Counters counters, string name, string label, SpanBatch batch)
    {
        for (var from = 0; from < batch.SpanCount;)
        {
            var service = batch.Services[from];
            var to = from + 1;
            while (to < batch.SpanCount && batch.Services[to] == service) to++; // Spans of one service mostly stand together.
            counters.Add(name, label, to - from, batch.Strings.Text(service));
            from = to;
        }
    }
}
