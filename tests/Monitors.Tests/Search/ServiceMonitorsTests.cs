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
        ];
        var asked = new List<long>();
        IReadOnlyList<EvaluationNote> HistoryOf(long id)
        {
            asked.Add(id);
            return id == 1
                ? [new(1_200, "*", MonitorState.Alert, MonitorState.Ok, 0, EvaluationHappening.Muted), new(1_100, "*", MonitorState.Alert, MonitorState.Alert, 5, EvaluationHappening.Told), new(10, "*", MonitorState.Ok, MonitorState.Alert, 5, EvaluationHappening.Told)]
                : [new(1_050, "service:web", MonitorState.Ok, MonitorState.Warn, 1, EvaluationHappening.Changed), new(1_060, "service:db", MonitorState.Ok, MonitorState.Warn, 1, EvaluationHappening.Changed)];
        }

        var changes = ServiceMonitors.Changes(rules, HistoryOf, "web", null, new TimeRange(1_000 * UnixTime.NanosPerSecond, 2_000 * UnixTime.NanosPerSecond));

        Assert.Equal(["1050 M2 OK Warn False", "1200 M1 Alert OK True"], changes.Select(change => $"{change.AtUnixSeconds} {change.Name} {change.From.Word()} {change.To.Word()} {change.WasMuted}"));
        Assert.Equal([1, 2], asked); // The other one can be about no service of that name.
    }
}
