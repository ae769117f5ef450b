using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Downtimes;

public sealed class DowntimeBookTests : IDisposable
{
    const long Now = SomeAlert.Now;

    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(Now));
    readonly InMemoryDocumentStore _documents = new();
    readonly Counters _counters = new();
    readonly Dictionary<string, HostInfo> _hosts = [];

    DowntimeBook Open() => new(_documents, name => _hosts.GetValueOrDefault(name), _counters, _clock, Guid.NewGuid);

    public void Dispose() => _documents.Dispose();

    static Downtime Wanted(long start = Now, long? end = Now + 600) => new() { Id = 0, Uuid = "", StartUnixSeconds = start, EndUnixSeconds = end };

    [Fact]
    public void It_holds_from_its_start_to_before_its_end_and_survives_a_restart()
    {
        var added = Open().Add(Wanted(Now + 60));
        var book = Open();

        Assert.Equal(Muting.None, book.For(SomeAlert.Rule(), [], Now + 59));
        Assert.Equal(new Muting(true, Now + 600, false, []), book.For(SomeAlert.Rule(), [], Now + 60) with { DowntimeIds = [] });
        Assert.Equal([added.Uuid], book.For(SomeAlert.Rule(), [], Now + 599).DowntimeIds);
        Assert.False(book.For(SomeAlert.Rule(), [], Now + 600).IsMuted);
    }

    [Fact]
    public void A_scope_of_many_tags_is_no_longer_than_one_that_is_a_text()
    {
        var refused = Assert.Throws<DowntimeException>(() => Open().Add(Wanted() with { Scopes = [.. Enumerable.Repeat("env:prod", 501)] }));

        Assert.Equal("The scope has 4008 characters; 4000 are the most.", refused.Message);
        Assert.Empty(Open().All());
    }

    [Theory]
    [InlineData("*", "*", "", true)]
    [InlineData("team:a", "*", "", true)]
    [InlineData("team:a,tier:1", "*", "", false)]
    [InlineData("*", "env:prod", "host:a,env:prod", true)]
    [InlineData("*", "env:prod", "host:a,env:dev", false)]
    [InlineData("*", "env:prod", "", false)]
    [InlineData("*", "region:eu", "", true)]
    [InlineData("*", "region:eu", "host:a", true)]
    public void The_monitor_by_its_tags_and_the_group_by_the_scope(string monitorTags, string scope, string groupTags, bool expected)
    {
        var book = Open();
        book.Add(Wanted() with { MonitorTags = monitorTags.Split(','), Scopes = [scope] });
        var rule = SomeAlert.Rule(query: "avg(last_5m):avg:m{region:eu} by {host} > 1") with { Tags = ["team:a"] };

        Assert.Equal(expected, book.For(rule, groupTags.Length == 0 ? [] : groupTags.Split(','), Now).IsMuted);
    }

    [Theory]
    [InlineData("avg(last_5m):avg:m{env:prod,host:a} > 1", "env:prod", true)]
    [InlineData("avg(last_5m):avg:m{env:prod AND host:a} > 1", "host:a", true)]
    [InlineData("avg(last_5m):avg:m{env:prod OR env:dev} > 1", "env:prod", false)]
    [InlineData("avg(last_5m):avg:m{!env:prod} > 1", "env:prod", false)]
    [InlineData("avg(last_5m):avg:m{env:prod} / avg:n{*} > 1", "env:prod", false)]
    [InlineData("avg(last_5m):avg:m{env:prod} / avg:n{env:prod,x:y} by {host} > 1", "env:prod", true)]
    [InlineData("\"ntp\".over(\"env:prod\",\"x:y\").by(\"host\").last(2).count_by_status()", "x:y", true)]
    [InlineData("trace-analytics(\"env:prod service:web\").rollup(\"count\").last(\"5m\") > 1", "service:web", true)]
    [InlineData("trace-analytics(\"NOT service:web env:prod\").rollup(\"count\").last(\"5m\") > 1", "service:web", false)]
    [InlineData("trace-analytics(\"NOT service:web env:prod\").rollup(\"count\").last(\"5m\") > 1", "env:prod", true)]
    [InlineData("trace-analytics(\"resource_name:\\\"x service:web y (z)\\\" env:prod\").rollup(\"count\").last(\"5m\") > 1", "service:web", false)]
    [InlineData("trace-analytics(\"resource_name:\\\"x service:web y (z)\\\" env:prod\").rollup(\"count\").last(\"5m\") > 1", "env:prod", true)]
    [InlineData("trace-analytics(\"env:prod or service:web\").rollup(\"count\").last(\"5m\") > 1", "env:prod", false)]
    [InlineData("1 && 2", "env:prod", false)]
    public void A_monitor_without_groups_has_the_tags_that_its_query_fixes(string query, string scope, bool expected)
    {
        var book = Open();
        book.Add(Wanted() with { Scopes = [scope] });

        Assert.Equal(expected, book.For(SomeAlert.Rule(query: query), [], Now).IsMuted);
    }

    [Fact]
    public void One_monitor_by_its_id()
    {
        var book = Open();
        book.Add(Wanted() with { MonitorId = 9001 });

        Assert.True(book.For(SomeAlert.Rule(id: 9001), [], Now).IsMuted);
        Assert.False(book.For(SomeAlert.Rule(id: 9002), [], Now).IsMuted);
    }

    [Fact]
    public void Quick_mutes_and_muted_hosts_count_as_well()
    {
        var book = Open();
        _hosts["box-1"] = new HostInfo { Name = "box-1", Mute = new HostMute(1, Now + 60, "") };
        var muted = SomeAlert.Rule() with { Options = new MonitorOptions { Silenced = new Dictionary<string, long?> { ["host:a"] = null, ["host:b"] = Now + 60 } } };

        Assert.True(book.For(muted, ["host:a"], Now + 9_999).IsMuted);
        Assert.True(book.For(muted, ["host:b"], Now).IsMuted);
        Assert.False(book.For(muted, ["host:b"], Now + 60).IsMuted);
        Assert.False(book.For(muted, ["host:c"], Now).IsMuted);
        Assert.Equal(["mute:9001:host:b"], book.For(muted, ["host:b"], Now).DowntimeIds);
        Assert.True(book.For(SomeAlert.Rule(), ["host:box-1"], Now).IsMuted);
        Assert.False(book.For(SomeAlert.Rule(), ["host:box-1"], Now + 60).IsMuted);
    }

    [Fact]
    public void Ends_are_told_once_by_the_end_of_the_last_that_overlaps()
    {
        var book = Open();
        book.Add(Wanted(Now, Now + 600));
        var last = book.Add(Wanted(Now + 300, Now + 900) with { MutesFirstRecovery = true });

        Assert.Empty(book.Ended(SomeAlert.Rule(), [], Now, Now + 600));
        Assert.Equal([last.Uuid], book.Ended(SomeAlert.Rule(), [], Now + 600, Now + 900).Select(end => end.DowntimeId));
        Assert.Empty(book.Ended(SomeAlert.Rule(), [], Now + 900, Now + 1_200));
        Assert.True(book.For(SomeAlert.Rule(), [], Now + 400).MutesFirstRecovery);
        Assert.False(book.For(SomeAlert.Rule(), [], Now + 200).MutesFirstRecovery);
    }

    [Fact]
    public void Cancelling_tells_only_when_it_was_asked_for()
    {
        var book = Open();
        var quiet = book.Add(Wanted());
        _clock.Advance(TimeSpan.FromSeconds(60));
        book.Cancel(quiet);

        var end = Assert.Single(book.Ended(SomeAlert.Rule(), [], Now, Now + 60));
        Assert.Empty(end.TellsStates);
        Assert.Equal(Now + 60, end.EndedUnixSeconds);
        Assert.False(book.For(SomeAlert.Rule(), [], Now + 61).IsMuted);
        Assert.Equal(DowntimeStatus.Canceled, book.StatusOf(book.Find(quiet.Id)!));

        var loud = book.Add(Wanted(Now + 60) with { TellsWhenCanceled = true, NotifyEndStates = [MonitorState.Alert] });
        _clock.Advance(TimeSpan.FromSeconds(60));
        book.Cancel(loud);
        Assert.Equal([MonitorState.Alert], book.Ended(SomeAlert.Rule(), [], Now + 60, Now + 120).Single().TellsStates);
    }

    [Fact]
    public void It_goes_from_scheduled_to_active_to_ended()
    {
        var book = Open();
        var downtime = book.Add(Wanted(Now + 60, Now + 120));

        Assert.Equal(DowntimeStatus.Scheduled, book.StatusOf(downtime));
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(DowntimeStatus.Active, book.StatusOf(downtime));
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(DowntimeStatus.Ended, book.StatusOf(downtime));
    }

    [Fact]
    public void What_can_never_hold_is_refused()
    {
        var book = Open();
        string Refusal(Downtime wanted) => Assert.Throws<DowntimeException>(() => book.Add(wanted)).Message;

        Assert.Equal("The downtime's 'end' must be after its 'start'.", Refusal(Wanted(Now, Now)));
        Assert.Equal("Invalid rrule: no time fits it, so the downtime would never begin.", Refusal(Wanted() with { Recurrences = [new DowntimeRecurrence(new DateTime(2024, 1, 1), 60, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")] }));
        Assert.Empty(book.All());
    }

    [Fact]
    public void Ten_thousand_groups_are_asked_about_in_no_time_worth_mentioning()
    {
        var book = Open();
        for (var i = 0; i < 100; i++) book.Add(OccurrencesTests.Legacy(new LegacyRecurrence("days") { Period = 1 }, Now - 400L * 86_400, Now - 400L * 86_400 + 3_600) with { Scopes = ["env:dev"] });
        var rule = SomeAlert.Rule(query: "avg(last_5m):avg:m{*} by {host} > 1");

        Assert.All(Enumerable.Range(0, 10_000), i => Assert.False(book.For(rule, ["host:h" + i], Now).IsMuted));
    }
}
