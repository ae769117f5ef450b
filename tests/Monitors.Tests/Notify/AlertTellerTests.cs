using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Monitors;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.Storage.Events;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Notify;

public sealed class AlertTellerTests : IDisposable
{
    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(SomeAlert.Now));
    readonly InMemoryDocumentStore _documents = new();
    readonly Counters _counters = new();
    readonly RecentProblems _problems = new();
    readonly InMemoryEventStore _events;
    readonly Outbox _outbox;

    public AlertTellerTests()
    {
        _events = new InMemoryEventStore(new EventStoreSettings(), _clock, _counters);
        _outbox = new Outbox(_documents, MemoryBudget.None(), _counters, _problems, _clock);
    }

    public void Dispose()
    {
        _events.Dispose();
        _documents.Dispose();
    }

    AlertTeller Teller() => new(_outbox, _documents, _events, new AlertLinks("http://localhost:8127"), _ => null, _counters, _problems, _clock);

    IReadOnlyList<EventRecord> Events() => _events.Search(new EventSearch(0, long.MaxValue));

    [Fact]
    public void A_transition_becomes_an_event_and_a_mail_for_each_who_is_mentioned()
    {
        Teller().Tell(SomeAlert.To(MonitorState.Alert, value: 901.5, group: "host:box-1", rule: SomeAlert.Rule("@a@x.org @b@x.org @webhook-ops @pagerduty Now {{value}}") with { Tags = ["team:a"] }));

        var told = Assert.Single(Events());
        Assert.Equal(("[Triggered on {host:box-1}] My metric high", "error", "9001", "Monitor Alert", "box-1"), (told.Title, told.AlertType, told.AggregationKey, told.Source, told.Host));
        Assert.Equal(["team:a", "host:box-1", "monitor"], told.Tags);
        Assert.StartsWith("%%%\n@a@x.org @b@x.org", told.Text, StringComparison.Ordinal);
        Assert.Equal(["Mail a@x.org", "Mail b@x.org", "Webhook ops"], _outbox.All().Select(delivery => $"{delivery.Channel} {delivery.Target}").Order());
        Assert.Contains(_problems.ReadAll(), problem => problem.Sentence.Contains("mentions @pagerduty, and there is no such way here.", StringComparison.Ordinal));
        var words = _outbox.All().Single(delivery => delivery.Channel == DeliveryChannel.Webhook).Words;
        Assert.Equal(("my_metric", "Triggered", "host:box-1", "1700000000000"), (words["ALERT_METRIC"], words["ALERT_TRANSITION"], words["ALERT_SCOPE"], words["DATE"]));
        Assert.All(WebhookText.Names, name => Assert.True(words.ContainsKey(name), name));
    }

    [Fact]
    public void The_same_transition_again_does_nothing_even_after_a_restart()
    {
        var transition = SomeAlert.To(MonitorState.Alert, value: 900);
        var teller = Teller();
        teller.Tell(transition);
        teller.Tell(transition);
        Teller().Tell(transition);

        Assert.Single(Events());
        Assert.Single(_outbox.All());
    }

    [Fact]
    public void What_a_crash_left_half_told_is_told_whole()
    {
        var transition = SomeAlert.To(MonitorState.Alert, value: 900);
        Teller().Tell(transition);
        Assert.True(_events.Remove(Events()[0].Id)); // As if the process had ended before the event was kept.

        Teller().Tell(transition);

        Assert.Single(Events());
        Assert.Single(_outbox.All());
    }

    [Fact]
    public void A_monitor_that_mentions_nobody_still_writes_its_event()
    {
        Teller().Tell(SomeAlert.To(MonitorState.Ok, MonitorState.Alert, 1, SomeAlert.Rule("fine")));

        Assert.Equal("success", Assert.Single(Events()).AlertType);
        Assert.Empty(_outbox.All());
    }

    [Fact]
    public void Of_a_burst_two_go_out_alone_and_the_rest_in_one()
    {
        var teller = Teller();
        for (var i = 1; i <= 60; i++) teller.Tell(SomeAlert.To(MonitorState.Alert, value: 900, group: "host:h" + i));
        teller.Tell(SomeAlert.To(MonitorState.Warn, value: 600, group: "host:h1"));

        Assert.Equal(61, Events().Count);
        Assert.Equal(4, _outbox.All().Count);
        Assert.Equal(3, _outbox.Due([DeliveryChannel.Mail]).Count);
        var bundle = _outbox.All().Single(delivery => delivery.Bundle.Count > 0);
        Assert.Equal((50, 8, 50), (bundle.Bundle.Count, bundle.BundleLeftOutCount, bundle.Tells.Count));
        Assert.Equal((SomeAlert.Now + 20) * 1000, bundle.NextAttemptUnixMillis);

        _clock.Advance(TimeSpan.FromSeconds(20));
        teller.Tell(SomeAlert.To(MonitorState.Alert, value: 900, group: "host:h61"));
        Assert.Equal(5, _outbox.All().Count);
    }

    [Fact]
    public void A_monitor_may_bundle_from_the_first()
    {
        var teller = Teller();
        var rule = SomeAlert.Rule() with { Options = SomeAlert.Rule().Options with { NotifyBy = ["env"] } };
        foreach (var group in new[] { "env:a,host:1", "env:a,host:2", "env:b,host:3" }) teller.Tell(SomeAlert.To(MonitorState.Alert, value: 900, rule: rule, group: group));

        Assert.Equal([1, 2], _outbox.All().Select(delivery => delivery.Bundle.Count).Order());
    }

    [Fact]
    public void All_mails_of_an_alert_are_one_thread_and_the_next_alert_is_another()
    {
        var teller = Teller();
        teller.Tell(SomeAlert.To(MonitorState.Alert, value: 900) with { FirstTriggeredUnixSeconds = SomeAlert.Now });
        teller.Tell(SomeAlert.To(MonitorState.Ok, MonitorState.Alert, 3, at: SomeAlert.Now + 60) with { FirstTriggeredUnixSeconds = SomeAlert.Now });
        teller.Tell(SomeAlert.To(MonitorState.Alert, value: 900, at: SomeAlert.Now + 120) with { FirstTriggeredUnixSeconds = SomeAlert.Now + 120 });

        Assert.Equal([1, 2], _outbox.All().GroupBy(delivery => delivery.Thread).Select(thread => thread.Count()).Order());
    }

    [Fact]
    public void A_downtime_tells_when_it_is_scheduled_starts_ends_and_is_cancelled()
    {
        var book = new DowntimeBook(_documents, _ => null, _counters, _clock, Guid.NewGuid);
        using var notices = Notices(book);
        var start = SomeAlert.Now + 600;
        var downtime = book.Add(new Downtime { Id = 0, Uuid = "", MonitorId = 9001, Scopes = ["env:prod"], Message = "quiet @user@example.com", StartUnixSeconds = start, EndUnixSeconds = start + 3_600, TimeZone = "America/New_York", Recurrences = [new DowntimeRecurrence(WallClock.At(start, WallClock.FindZone("America/New_York")!), 3_600, "FREQ=DAILY")] });

        notices.Scheduled(downtime);
        _clock.Advance(TimeSpan.FromMinutes(11));
        notices.Look();
        notices.Look();
        _clock.Advance(TimeSpan.FromHours(1));
        using var afterRestart = Notices(book);
        afterRestart.Look();
        afterRestart.Cancelled(book.Cancel(downtime));

        Assert.Equal(["[Downtime] Cancelled: env:prod", "[Downtime] Ended: env:prod", "[Downtime] Scheduled: env:prod", "[Downtime] Started: env:prod"], _outbox.All().Select(delivery => delivery.Subject).Order());
        Assert.Equal("""
            [Downtime] Ended: env:prod

            quiet @user@example.com

            Silences: My metric high
            Scope: env:prod
            From: Tue Nov 14 2023 17:23 (America/New_York)
            Until: Tue Nov 14 2023 18:23 (America/New_York)
            Repeats: every day at 17:23 for 1 h, America/New_York
            Next: Wed Nov 15 2023 17:23 (America/New_York)

            Downtimes: http://localhost:8127/monitors/downtimes
            """, _outbox.All().Single(delivery => delivery.Kind == "Ended").Plain);
    }

    DowntimeNotices Notices(DowntimeBook book) => new(book, Rules(), _outbox, new AlertLinks("http://localhost:8127"), _documents, _counters, _problems, _clock);

    static ListedRules Rules()
    {
        var rules = new ListedRules();
        rules.Add(SomeAlert.Rule());
        return rules;
    }
}
