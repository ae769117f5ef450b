using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Monitors.Slos;
using Apm.Monitors.Tests.Schedule;

namespace Apm.Monitors.Tests.Slos;

/// <summary>Objectives of some groups of one monitor: what counts, since when, and what is refused.</summary>
public sealed class SloGroupsTests : IDisposable
{
    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Only_the_groups_that_are_named_count_as_far_back_as_the_history_tells()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 15);
        var one = _lab.Slos.Add(Up(rule, "env:p, host:a"));
        var both = _lab.Slos.Add(Up(rule, "host:a,env:p", "host:b,env:p"));
        Assert.Equal(["host:a,env:p"], one.Groups); // In the monitor's own order.
        _lab.Evaluate(16, 25);

        // Known from the first evaluation to the last one with data; b is in alert from minute 11, which looks at 10, up to 14.
        void Same()
        {
            Assert.Equal(new SloTally(20 * 60, 20 * 60), Sum(one));
            Assert.Equal(new SloTally(17 * 60, 20 * 60), Sum(both));
            Assert.Equal([("host:a,env:p", new SloTally(20 * 60, 20 * 60)), ("host:b,env:p", new SloTally(17 * 60, 20 * 60))],
                _lab.SloReader.ReadGroups(both, MonitorLab.At(0), MonitorLab.At(30), 600).Select(group => (group.Group, group.Series.Sum())));
        }

        Same();
        _lab.Restart();
        Same();
        Assert.Equal(["host:a,env:p", "host:b,env:p"], _lab.Uptime.FollowedOf(rule.Id).Order(StringComparer.Ordinal));
        _lab.Slos.Remove(both.Id, force: false);
        Assert.Equal(["host:a,env:p"], _lab.Uptime.FollowedOf(rule.Id));
    }

    [Fact]
    public void Time_in_which_the_monitor_is_not_known_is_not_known_of_its_groups_either()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 5);
        _lab.Evaluate(12, 15); // It was away for six minutes.

        var slo = _lab.Slos.Add(Up(rule, "host:b,env:p"));

        Assert.Equal(new SloTally(7 * 60, 9 * 60), Sum(slo));
    }

    [Fact]
    public void A_group_that_is_gone_may_stay_and_its_later_time_is_left_out()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 15);
        var slo = _lab.Slos.Add(Up(rule, "host:b,env:p"));
        _lab.Rules.Change(rule.Id, before => before with { Query = "avg(last_2m):avg:my_metric{*} by {host,env} > 800" }); // Its groups begin anew.
        _lab.Feed(20, 40, 400, "my_metric", "host:a", "env:p");
        _lab.Evaluate(22, 40);

        Assert.Equal(["host:b,env:p"], _lab.Slos.Replace(slo.Id, slo with { Name = "Renamed" }).Groups);
        Assert.Equal(new SloTally(12 * 60, 15 * 60), Sum(slo));
    }

    [Fact]
    public void A_monitor_that_was_not_evaluated_yet_may_come_to_have_the_group()
    {
        var slo = _lab.Slos.Add(Up(Grouped(), "host:a,env:p"));
        FeedBoth();
        _lab.Evaluate(1, 10);

        Assert.Equal(new SloTally(600, 600), Sum(slo));
    }

    [Theory]
    [InlineData("host:a", "The group \"host:a\" does not say what monitor 1 is grouped by: host, env. Write it as \"host:…,env:…\".")]
    [InlineData("host:a,env:p,x:y", "The group \"host:a,env:p,x:y\" does not say what monitor 1 is grouped by: host, env. Write it as \"host:…,env:…\".")]
    [InlineData("env:p,host:z", "Monitor 1 has no group \"host:z,env:p\". It has: host:a,env:p; host:b,env:p.")]
    public void Groups_that_there_are_not_are_refused(string group, string sentence)
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 2);

        Assert.Equal(sentence, Assert.Throws<SloException>(() => _lab.Slos.Add(Up(rule, group))).Message);
    }

    [Fact]
    public void Of_many_groups_some_are_named()
    {
        var rule = Grouped();
        for (var i = 0; i < 8; i++) _lab.Feed(0, 2, 400, "my_metric", $"host:{i}", "env:p");
        _lab.Evaluate(1, 2);

        Assert.Equal("Monitor 1 has no group \"host:z,env:p\". It has: host:0,env:p; host:1,env:p; host:2,env:p; host:3,env:p; host:4,env:p; and 3 more.", Assert.Throws<SloException>(() => _lab.Slos.Add(Up(rule, "host:z,env:p"))).Message);
    }

    [Fact]
    public void Groups_go_with_one_monitor_that_has_some()
    {
        var (grouped, plain) = (Grouped(), _lab.Add("avg(last_5m):avg:other{*} > 1"));
        string Refusal(Slo slo) => Assert.Throws<SloException>(() => _lab.Slos.Add(slo)).Message;

        Assert.Equal("The parameter 'groups' goes with one monitor; 'monitor_ids' names 2. Name one monitor that is grouped by tags, or send \"groups\":[] to count all groups of all of them.", Refusal(Up(grouped, "host:a,env:p") with { MonitorIds = [grouped.Id, plain.Id] }));
        Assert.Equal($"Monitor 2, {plain.Name}, is not grouped by tags, so it has none of the groups that the parameter 'groups' names. Name a monitor whose query has \"by {{…}}\", or send \"groups\":[].", Refusal(Up(plain, "host:a")));
        foreach (var empty in (string[])["", " ", " , "]) Assert.Equal("A group of the parameter 'groups' is empty. Write its tags, such as \"host:a\", or send \"groups\":[] to count all groups.", Refusal(Up(grouped, "host:a,env:p", empty)));
        Assert.Equal($"A group of the parameter 'groups' has 1005 characters; at most 1000 are kept: \"host:{new string('x', 35)}…\".", Refusal(Up(grouped, "host:" + new string('x', 1_000))));
        Assert.Equal("The parameter 'groups' has 21 groups; at most 20 are counted one by one.", Refusal(Up(grouped, [.. Enumerable.Range(0, 21).Select(i => $"host:{i},env:p")])));
    }

    [Fact]
    public void A_composite_has_the_groups_of_its_parts_and_none_when_they_have_none()
    {
        var (grouped, plain) = (Grouped(), _lab.Add("avg(last_5m):avg:other{*} > 1"));
        var (ofGrouped, ofPlain) = (_lab.Add(MonitorTypes.Composite, $"{grouped.Id} && {plain.Id}"), _lab.Add(MonitorTypes.Composite, $"{plain.Id} || {plain.Id}"));
        FeedBoth();
        _lab.Feed(0, 20, 0, "other");
        _lab.Evaluate(1, 5);

        Assert.Equal(["host:a,env:p"], _lab.Slos.Add(Up(ofGrouped, "host:a,env:p")).Groups);
        Assert.Equal($"Monitor 4, {ofPlain.Name}, is not grouped by tags, so it has none of the groups that the parameter 'groups' names. Name a monitor that is made of grouped ones, or send \"groups\":[].", Assert.Throws<SloException>(() => _lab.Slos.Add(Up(ofPlain, "any"))).Message);
    }

    [Fact]
    public void Of_a_monitor_that_is_no_longer_grouped_the_named_groups_may_stay()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 15);
        var slo = _lab.Slos.Add(Up(rule, "host:b,env:p"));
        _lab.Rules.Change(rule.Id, before => before with { Query = "avg(last_1m):avg:my_metric{*} > 800" });
        _lab.Evaluate(16, 20);

        Assert.Equal(["host:b,env:p"], _lab.Slos.Replace(slo.Id, slo with { Name = "Renamed" }).Groups);
        Assert.Contains("is not grouped by tags", Assert.Throws<SloException>(() => _lab.Slos.Replace(slo.Id, slo with { Groups = ["host:b,env:p", "host:a,env:p"] })).Message, StringComparison.Ordinal);
        Assert.Empty(_lab.Slos.Replace(slo.Id, slo with { Groups = [] }).Groups);
    }

    [Fact]
    public void What_cannot_be_saved_keeps_the_past_of_its_groups()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 25);
        var slo = _lab.Slos.Add(Up(rule, "host:a,env:p", "host:b,env:p"));
        var before = Sum(slo);

        _lab.Documents.IsAway = _ => true;
        Assert.Throws<StoreUnavailableException>(() => _lab.Slos.Replace(slo.Id, slo with { Groups = ["host:a,env:p"] }));
        Assert.Throws<StoreUnavailableException>(() => _lab.Slos.Remove(slo.Id, force: false));
        _lab.Documents.IsAway = _ => false;

        for (var start = 0; start < 2; start++)
        {
            Assert.Equal(["host:a,env:p", "host:b,env:p"], _lab.Uptime.FollowedOf(rule.Id).Order(StringComparer.Ordinal));
            Assert.Equal(before, Sum(_lab.Slos.Find(slo.Id)!));
            _lab.Restart();
        }
    }

    [Fact]
    public void What_an_objective_leaves_behind_when_the_store_goes_away_goes_with_the_next_start()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 15);
        var slo = _lab.Slos.Add(Up(rule, "host:a,env:p"));
        _lab.Slos.Corrections.Add(new SloCorrection { SloId = slo.Id, Category = "Other", StartUnixSeconds = 0, EndUnixSeconds = 60 });

        _lab.Documents.IsAway = collection => collection != "slos";
        _lab.Slos.Remove(slo.Id, force: false);
        Assert.Empty(_lab.Slos.All());
        Assert.Empty(_lab.Slos.Corrections.All());
        _lab.Documents.IsAway = _ => false;
        Assert.Single(_lab.Documents.FindAll<SloCorrection>("slo-corrections"));

        _lab.Restart();
        Assert.Empty(_lab.Documents.FindAll<SloCorrection>("slo-corrections"));
        Assert.Empty(_lab.Slos.Corrections.All());
        Assert.Empty(_lab.Uptime.FollowedOf(rule.Id));
    }

    [Fact]
    public void Its_parts_are_told_worst_first()
    {
        var rule = Grouped();
        FeedBoth();
        _lab.Evaluate(1, 15);
        var slo = _lab.Slos.Add(Up(rule, "host:a,env:p", "host:b,env:p"));
        _lab.Clock.Now = MonitorLab.At(16) * UnixTime.NanosPerSecond;
        var reports = new SloReports(_lab.SloReader, _lab.Clock);

        var parts = reports.PartsOf(slo, reports.Of(slo).Windows[0]);

        Assert.Equal((2, "host:b,env:p", 80.0), (parts.Count, parts.Worst[0].Group, parts.Worst[0].Tally.Percent));
        Assert.Equal(("host:a,env:p", rule.Id), (parts.Worst[1].Group, parts.Worst[1].MonitorId));
        var plain = _lab.Add("avg(last_5m):avg:other{*} > 1");
        var two = _lab.Slos.Add(Up(rule) with { MonitorIds = [plain.Id, rule.Id] });
        Assert.Equal([rule.Id, plain.Id], reports.PartsOf(two, reports.Of(two).Windows[0]).Worst.Select(part => part.MonitorId));
        var whole = _lab.Slos.Add(Up(rule));
        Assert.Equal(SloParts.None, reports.PartsOf(whole, reports.Of(whole).Windows[0]));
    }

    MonitorRule Grouped() => _lab.Add(MonitorTypes.Query, "avg(last_1m):avg:my_metric{*} by {host,env} > 800");

    static Slo Up(MonitorRule rule, params string[] groups) => new() { Kind = SloKind.Monitor, Name = "Up", Targets = [new(7, 99)], MonitorIds = [rule.Id], Groups = groups };

    /// <summary>Twenty minutes of a and b; b is too high from 10 to 13.</summary>
    void FeedBoth()
    {
        _lab.Feed(0, 20, 400, "my_metric", "host:a", "env:p");
        _lab.Feed(0, 10, 400, "my_metric", "host:b", "env:p");
        _lab.Feed(10, 13, 900, "my_metric", "host:b", "env:p");
        _lab.Feed(13, 20, 400, "my_metric", "host:b", "env:p");
    }

    SloTally Sum(Slo slo) => _lab.SloReader.Read(slo, MonitorLab.At(0), MonitorLab.At(30), 600).Sum();
}
