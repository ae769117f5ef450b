using Apm.Core.Monitors;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;
using Apm.Monitors.Tests.Schedule;
using Apm.Storage.InMemory;

namespace Apm.Monitors.Tests.Search;

/// <summary>Monitors as boards list them.</summary>
public sealed class MonitorLinesTests : IDisposable
{
    readonly MonitorLab _lab = new();
    readonly InMemoryDocumentStore _documents = new();

    public void Dispose()
    {
        _lab.Dispose();
        _documents.Dispose();
    }

    MonitorLines Lines => new(_lab.Rules, _lab.States, _lab.Book, new MuteAllSwitch(_documents, _lab.Clock), _lab.Clock);

    [Fact]
    public void The_worst_stands_first_with_its_state_and_where_its_page_is()
    {
        _lab.Feed(0, 10, 5, "calm");
        _lab.Feed(0, 10, 900, "high");
        var calm = _lab.Add("avg(last_5m):avg:calm{*} > 800");
        var high = _lab.Add("avg(last_5m):avg:high{*} > 800");
        _lab.Evaluate(6, 7);

        var lines = Lines.Find("");

        Assert.Equal([(high.Id, MonitorState.Alert, 1, 1, false, $"/monitors/{high.Id}"), (calm.Id, MonitorState.Ok, 1, 1, false, $"/monitors/{calm.Id}")],
            lines.Select(line => (line.Id, line.State, line.GroupCount, line.WorstCount, line.IsMuted, line.Link)));
        Assert.Equal([high.Id], Lines.Find("status:alert").Select(line => line.Id));
        Assert.Equal([calm.Id], Lines.Find($"{calm.Id}").Select(line => line.Id));
        Assert.Equal([calm.Id], Lines.Find("of avg calm").Select(line => line.Id));
    }

    [Fact]
    public void A_downtime_shows_and_a_search_that_cannot_be_read_is_words_of_the_name()
    {
        _lab.Add("avg(last_5m):avg:calm{*} > 800");
        _lab.Book.Add(0, 60);

        Assert.True(Assert.Single(Lines.Find("*")).IsMuted);
        Assert.Empty(Lines.Find("status:(("));
    }
}
