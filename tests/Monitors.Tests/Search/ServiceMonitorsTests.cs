using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Search;

namespace Apm.Monitors.Tests.Search;

/// <summary>Which monitor is about which service.</summary>
public class ServiceMonitorsTests
{
    static MonitorSnapshot Monitor(long id, string query, string[]? tags = null, bool isMulti = false, params (string Group, MonitorState State)[] groups) => new(
        new MonitorRule { Id = id, Type = "metric alert", Name = $"M{id}", Query = query, Tags = tags ?? [], IsMulti = isMulti },
        [.. groups.Select(group => new GroupState { Group = group.Group, Tags = group.Group == GroupState.Whole ? [] : group.Group.Split(','), State = group.State, FirstSeenUnixSeconds = 0, IsJudged = true })]);

    static string Draw(string? env, params MonitorSnapshot[] monitors) => string.Join("; ", ServiceMonitors.Worst(monitors, env, (rule, _) => rule.Tags.Contains("muted:yes"))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value.Name} {pair.Value.State.Word()} {pair.Value.Group}{(pair.Value.IsMuted ? " muted" : "")} of {pair.Value.MonitorCount}"));

    [Fact]
    public void A_query_names_its_service_a_group_its_own_and_a_tag_does_when_neither_does()
    {
        Assert.Equal("web: M1 Alert * of 1", Draw(null, Monitor(1, "avg(last_5m):avg:trace.flask.request{service:web,env:prod} > 1", groups: (GroupState.Whole, MonitorState.Alert))));
        Assert.Equal("web: M1 Warn * of 1", Draw(null, Monitor(1, "trace-analytics(\"service:web status:error\").rollup(\"count\").last(\"5m\") > 1", groups: (GroupState.Whole, MonitorState.Warn))));
        Assert.Equal("db: M1 OK service:db of 1; web: M1 Alert service:web of 1",
            Draw(null, Monitor(1, "avg(last_5m):avg:load{*} by {service} > 1", isMulti: true, groups: [("service:db", MonitorState.Ok), ("service:web", MonitorState.Alert)])));
        Assert.Equal("web: M1 No Data * of 1", Draw(null, Monitor(1, "1 && 2", ["service:web", "team:a"], groups: (GroupState.Whole, MonitorState.NoData))));
        Assert.Equal("", Draw(null, Monitor(1, "avg(last_5m):avg:load{host:a} > 1", ["team:web"], groups: (GroupState.Whole, MonitorState.Alert))));
    }

    [Fact]
    public void The_worst_of_several_is_shown_with_how_many_there_are_and_one_that_tells_before_one_that_is_muted()
    {
        const string query = "avg(last_5m):avg:load{service:web} > 1";
        Assert.Equal("web: M2 Alert * of 3", Draw(null, Monitor(1, query, groups: (GroupState.Whole, MonitorState.Ok)), Monitor(2, query, groups: (GroupState.Whole, MonitorState.Alert)), Monitor(3, query, groups: (GroupState.Whole, MonitorState.Warn))));
        Assert.Equal("web: M2 Alert * of 2", Draw(null, Monitor(1, query, ["muted:yes"], groups: (GroupState.Whole, MonitorState.Alert)), Monitor(2, query, groups: (GroupState.Whole, MonitorState.Alert))));
        Assert.Equal("web: M1 Alert * muted of 2", Draw(null, Monitor(1, query, ["muted:yes"], groups: (GroupState.Whole, MonitorState.Alert)), Monitor(2, query, groups: (GroupState.Whole, MonitorState.Warn))));
        Assert.Equal("web: M1 Alert service:web,host:b of 1",
            Draw(null, Monitor(1, "avg(last_5m):avg:load{*} by {service,host} > 1", isMulti: true, groups: [("service:web,host:a", MonitorState.Ok), ("service:web,host:b", MonitorState.Alert)])));
    }

    [Fact]
    public void One_that_was_never_evaluated_has_no_data() => Assert.Equal("web: M1 No Data * of 1", Draw(null, Monitor(1, "avg(last_5m):avg:load{service:web} > 1")));

    [Fact]
    public void One_of_another_environment_is_about_the_service_there_only()
    {
        var prod = Monitor(1, "avg(last_5m):avg:load{service:web,env:prod} > 1", groups: (GroupState.Whole, MonitorState.Alert));

        Assert.Equal("web: M1 Alert * of 1", Draw("prod", prod));
        Assert.Equal("", Draw("test", prod));
        Assert.Equal("web: M1 Alert * of 1", Draw("test", Monitor(1, "avg(last_5m):avg:load{service:web} > 1", groups: (GroupState.Whole, MonitorState.Alert))));
    }

    [Fact]
    public void A_name_that_is_no_tag_is_compared_as_the_tag_it_becomes() => Assert.Equal("checkout_api", ServiceMonitors.KeyOf("Checkout API"));

    [Fact]
    public void Changes_are_those_of_the_services_own_groups_in_the_time()
    {
        MonitorRule[] rules =
        [
            Monitor(1, "avg(last_5m):avg:load{service:web} > 1").Rule,
            Monitor(2, "avg(last_5m):avg:load{*} by {service} > 1", isMulti: true).Rule,
            Monitor(3, "avg(last_5m):avg:load{service:db} > 1").Rule,
            Monitor(4, "avg(last_5m):avg:load{*} by {host} > 1", ["service:db"], isMulti: true).Rule,
        ];
        var asked = new List<long>();
        IReadOnlyList<EvaluationNote> HistoryOf(long id, long fromUnixSeconds)
        {
            Assert.Equal(1_000, fromUnixSeconds);
            asked.Add(id);
            return id == 1
                ? [new(1_200, "*", MonitorState.Alert, MonitorState.Ok, 0, EvaluationHappening.Muted), new(1_100, "*", MonitorState.Alert, MonitorState.Alert, 5, EvaluationHappening.Told), new(10, "*", MonitorState.Ok, MonitorState.Alert, 5, EvaluationHappening.Told)]
                : [new(1_050, "service:web", MonitorState.Ok, MonitorState.Warn, 1, EvaluationHappening.Changed), new(1_060, "service:db", MonitorState.Ok, MonitorState.Warn, 1, EvaluationHappening.Changed)];
        }

        var changes = ServiceMonitors.Changes(rules, HistoryOf, "web", null, new TimeRange(1_000 * UnixTime.NanosPerSecond, 2_000 * UnixTime.NanosPerSecond));

        Assert.Equal(["1050 M2 OK Warn False", "1200 M1 Alert OK True"], changes.Select(change => $"{change.AtUnixSeconds} {change.Name} {change.From.Word()} {change.To.Word()} {change.WasMuted}"));
        Assert.Equal([1, 2], asked); // The others can be about no service of that name.
    }

    static string DrawChanges(MonitorRule rule, string service, string group, string? env = null) => string.Join("; ", ServiceMonitors.Changes([rule],
        (_, _) => [new(1_100, group, MonitorState.Ok, MonitorState.Alert, 1, EvaluationHappening.Told)], service, env, TimeRange.All).Select(change => change.Group));

    [Fact]
    public void A_value_that_looks_like_a_tag_makes_no_mark_on_another_service()
    {
        const string sly = "resource_name:GET /x,service:payments";
        var byResource = Monitor(1, "trace-analytics(\"service:web\").rollup(\"count\").by(\"resource_name\").last(\"5m\") > 1", isMulti: true).Rule;
        Assert.Equal("", DrawChanges(byResource, "payments", sly));
        Assert.Equal(sly, DrawChanges(byResource, "web", sly));

        var byBoth = Monitor(2, "trace-analytics(\"*\").rollup(\"count\").by(\"resource_name,service\").last(\"5m\") > 1", isMulti: true).Rule;
        Assert.Equal("resource_name:GET /a,b,service:web", DrawChanges(byBoth, "web", "resource_name:GET /a,b,service:web"));
        Assert.Equal("", DrawChanges(byBoth, "payments", sly + ",service:web")); // It can be read in two ways.
        Assert.Equal("", DrawChanges(byBoth, "web", sly + ",service:web"));
    }

    [Fact]
    public void A_group_of_another_query_that_a_monitor_had_makes_no_mark()
    {
        Assert.Equal("", DrawChanges(Monitor(1, "avg(last_5m):avg:load{service:web} > 1").Rule, "web", "service:db"));
        Assert.Equal("", DrawChanges(Monitor(1, "avg(last_5m):avg:load{*} by {service} > 1", isMulti: true).Rule, "web", "host:a,service:web"));
        Assert.Equal("service:web,env:prod", DrawChanges(Monitor(1, "1 && 2", isMulti: true).Rule, "web", "service:web,env:prod", "prod")); // Of a composite its parts decide.
    }

    [Fact]
    public void Mutes_are_asked_of_the_worst_that_are_not_well_until_one_is_told_of()
    {
        const string query = "avg(last_5m):avg:load{service:web} > 1";
        var asked = new List<long>();
        bool IsMuted(MonitorRule rule, IReadOnlyList<string> tags)
        {
            asked.Add(rule.Id);
            return rule.Id == 1;
        }
        MonitorSnapshot[] all =
        [
            .. new[] { 1, 2, 3 }.Select(id => Monitor(id, query, groups: (GroupState.Whole, MonitorState.Alert))),
            Monitor(4, query, groups: (GroupState.Whole, MonitorState.Warn)),
            Monitor(5, "avg(last_5m):avg:load{service:db} > 1", groups: (GroupState.Whole, MonitorState.Ok)),
        ];

        Assert.Equal(2, ServiceMonitors.Worst(all, null, IsMuted)["web"].MonitorId);
        Assert.Equal([1, 2], asked);
    }

    [Fact]
    public void Of_one_service_that_is_asked_for_no_others_are_judged()
    {
        var asked = new List<string>();
        var worst = ServiceMonitors.Worst(
            [
                Monitor(1, "avg(last_5m):avg:load{*} by {service} > 1", isMulti: true, groups: [("service:web", MonitorState.Warn), ("service:db", MonitorState.Alert)]),
                Monitor(2, "avg(last_5m):avg:load{*} by {host} > 1", ["service:db"], isMulti: true, groups: ("host:a", MonitorState.Alert)),
                Monitor(3, "avg(last_5m):avg:load{service:web} by {host} > 1", isMulti: true, groups: ("host:a", MonitorState.Ok)),
            ],
            null, (_, tags) => { asked.AddRange(tags); return false; }, "Web");

        var (service, monitor) = Assert.Single(worst);
        Assert.Equal(("web", 1, 2), (service, monitor.MonitorId, monitor.MonitorCount));
        Assert.Equal(["service:web"], asked);
    }

    [Fact]
    public void Many_groups_cost_a_rendering_next_to_nothing()
    {
        var all = new[] { Monitor(1, "avg(last_5m):avg:load{*} by {service,host} > 1", isMulti: true, groups: [.. Enumerable.Range(0, 20_000).Select(i => ($"service:s{i % 50},host:h{i}", MonitorState.Ok))]) };
        ServiceMonitors.Worst(all, "prod", (_, _) => false);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(50, ServiceMonitors.Worst(all, "prod", (_, _) => false).Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }
}
