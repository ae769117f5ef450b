using Apm.Core.Monitors;
using Apm.Monitors.Schedule;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Schedule;

/// <summary>What is kept of the evaluations of a monitor.</summary>
public class MonitorHistoryTests
{
    [Fact]
    public void It_is_read_from_the_newest_back_to_a_time_across_its_documents()
    {
        var history = new MonitorHistory(new MemoryDocuments());
        history.Add(1, [.. Enumerable.Range(0, 120).Select(i => new EvaluationNote(1_000 + i, "*", MonitorState.Ok, MonitorState.Alert, i, EvaluationHappening.Told))]);

        Assert.Equal(Enumerable.Range(0, 80).Select(i => 1_119L - i), history.Read(1, 1_040).Select(note => note.AtUnixSeconds));
        Assert.Equal(history.Read(1), history.Read(1, 0));
        Assert.Empty(history.Read(1, 2_000));
        Assert.Empty(history.Read(2, 0));
    }
}
