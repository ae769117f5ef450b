using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Ports;

namespace Apm.StorageContract;

/// <summary>What every event store does. Each backend supplies how to open one.</summary>
public abstract class EventStoreContract
{
    protected const long Now = 1_700_000_000;

    protected Counters Counters { get; } = new();

    protected MemoryBudget Memory { get; } = new(MemoryBudget.DefaultCeilingBytes);

    /// <summary>An empty store that keeps so many events, and so many bytes of them; its clock shows <see cref="Now"/>.</summary>
    protected abstract IEventStore OpenEmptyStore(int maxEvents = 1_000, long maxBytes = 1_000_000);

    /// <summary>The same store after the process died.</summary>
    protected abstract IEventStore Reopen(IEventStore store);

    static EventRecord Event(string title, long at = Now, string text = "", string source = "", string priority = "normal", string host = "", string alertType = "info", params string[] tags) =>
        new() { Title = title, Text = text, UnixSeconds = at, Source = source, Priority = priority, Host = host, AlertType = alertType, Tags = tags };

    static string Titles(IEnumerable<EventRecord> events) => string.Join(' ', events.Select(one => one.Title));

    static readonly EventSearch Everything = new(0, long.MaxValue);

    [Fact]
    public void What_is_added_is_found_again_after_a_restart_with_all_it_had()
    {
        var store = OpenEmptyStore();
        var kept = store.Add(new EventRecord
        {
            Title = "ä€😀", Text = "a\nb", UnixSeconds = Now - 5, Priority = "low", AlertType = "error", Host = "box-1", Tags = ["a:b", "c"], AggregationKey = "k", Source = "my apps", DeviceName = "sda", RelatedEventId = 7,
        });
        store = Reopen(store);

        using (store)
        {
            var found = store.Find(kept.Id)!;
            Assert.Equal(kept with { Tags = found.Tags }, found);
            Assert.Equal(["a:b", "c"], found.Tags);
            Assert.True(kept.Id > 0);
        }
    }

    [Fact]
    public void Ids_ascend_and_none_comes_twice_even_after_a_restart()
    {
        var store = OpenEmptyStore();
        var first = store.Add(Event("a") with { Id = 99 });
        var second = store.Add(Event("b"));
        store = Reopen(store);

        using (store)
        {
            var third = store.Add(Event("c"));
            Assert.True(first.Id < second.Id && second.Id < third.Id);
            Assert.True(third.Id < 1L << 53); // Exact in JavaScript.
        }
    }

    [Fact]
    public void The_newest_come_first_by_their_time_and_then_by_their_arrival()
    {
        using var store = OpenEmptyStore();
        foreach (var (title, at) in new[] { ("b", Now - 20), ("d1", Now), ("a", Now - 30), ("d2", Now), ("c", Now - 10) }) store.Add(Event(title, at));

        Assert.Equal("d2 d1 c b a", Titles(store.Search(Everything)));
        Assert.Equal("c b", Titles(store.Search(new EventSearch(Now - 20, Now - 10))));
        Assert.Equal("d1 c", Titles(store.Search(Everything with { Skip = 1, Take = 2 })));
        Assert.Empty(store.Search(new EventSearch(Now + 1, Now + 2)));
    }

    [Fact]
    public void Every_filter_filters()
    {
        using var store = OpenEmptyStore();
        store.Add(Event("a", source: "My Apps", tags: ["env:dev", "team:x"]));
        store.Add(Event("b", source: "nagios", priority: "low", text: "the disk is full", tags: ["env:dev"]));
        store.Add(Event("c", host: "Box-1", alertType: "error"));

        Assert.Equal("b a", Titles(store.Search(Everything with { Tags = ["env:dev"] })));
        Assert.Equal("a", Titles(store.Search(Everything with { Tags = ["env:dev", "team:x"] })));
        Assert.Equal("c b", Titles(store.Search(Everything with { WithoutTags = ["team:x"] })));
        Assert.Equal("c", Titles(store.Search(Everything with { Tags = ["host:box-1"] })));
        Assert.Equal("b", Titles(store.Search(Everything with { Priority = "low" })));
        Assert.Equal("b a", Titles(store.Search(Everything with { Sources = ["my apps", "NAGIOS"] })));
        Assert.Equal("c", Titles(store.Search(Everything with { Condition = happened => happened.AlertType == "error" })));
        Assert.Equal("a", Titles(store.Search(Everything with { Condition = happened => happened.AlertType != "error", Skip = 1, Take = 1 })));
    }

    [Fact]
    public void Comments_stand_beneath_their_event_and_not_among_events()
    {
        var store = OpenEmptyStore();
        var happened = store.Add(Event("a"));
        var first = store.Add(Event("x", text: "one") with { RelatedEventId = happened.Id, Source = EventRecord.CommentSource });
        store.Add(Event("y", text: "two") with { RelatedEventId = happened.Id, Source = EventRecord.CommentSource });
        store = Reopen(store);

        using (store)
        {
            Assert.Equal("x y", Titles(store.CommentsOn(happened.Id)));
            Assert.Equal("a", Titles(store.Search(Everything)));
            Assert.Equal("y x a", Titles(store.Search(Everything with { WithComments = true })));
            Assert.True(store.Remove(first.Id));
            Assert.Equal("y", Titles(store.CommentsOn(happened.Id)));
        }
    }

    [Fact]
    public void What_was_changed_or_removed_stays_so()
    {
        var store = OpenEmptyStore();
        var a = store.Add(Event("a"));
        var b = store.Add(Event("b"));
        Assert.True(store.Replace(a with { Text = "changed", UnixSeconds = Now + 5 }));
        Assert.True(store.Remove(b.Id));
        Assert.False(store.Remove(b.Id));
        Assert.False(store.Replace(b));
        store = Reopen(store);

        using (store)
        {
            Assert.Equal(("changed", Now + 5), (store.Find(a.Id)!.Text, store.Find(a.Id)!.UnixSeconds));
            Assert.Null(store.Find(b.Id));
            Assert.Equal(1, store.Count);
        }
    }

    [Fact]
    public void The_oldest_make_room_and_are_counted()
    {
        var store = OpenEmptyStore(maxEvents: 3);
        foreach (var i in Enumerable.Range(0, 10)) store.Add(Event($"e{i}", Now + i));
        store = Reopen(store);

        using (store)
        {
            Assert.Equal("e9 e8 e7", Titles(store.Search(Everything)));
            Assert.Equal(7, Counters.Read("events_dropped", "count"));
        }
    }

    [Fact]
    public void Large_events_make_room_too_and_the_memory_is_accounted_for()
    {
        var store = OpenEmptyStore(maxBytes: 30_000);
        foreach (var i in Enumerable.Range(0, 20)) store.Add(Event($"e{i}", Now + i, text: new string('x', 4_000)));
        var account = Memory.Accounts.First(account => account.Name == "events");

        Assert.Equal("e19 e18 e17", Titles(store.Search(Everything)));
        Assert.Equal(17, Counters.Read("events_dropped", "bytes"));
        Assert.InRange(account.HeldBytes, 24_000, 30_000);
        store.Dispose();
        Assert.Equal(0, account.HeldBytes);
    }
}
