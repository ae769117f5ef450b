using System.Security.Cryptography;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Notify;

/// <summary>Tells of transitions: an event for the stream, and a delivery for each who is mentioned.</summary>
/// <remarks>
/// Any thread. A transition leaves a mark before anything else, so that telling it once more (after a restart, say) adds only what is
/// missing: deliveries have ids that follow from the transition, and the event is looked for.
/// </remarks>
public sealed class AlertTeller : IAlertTeller
{
    /// <summary>Most characters of an event's text, as the API has it. A longer one is cut.</summary>
    public const int MaxEventTextChars = 4_000;

    /// <summary>Most transitions that are remembered as told; the oldest is forgotten.</summary>
    public const int MaxTold = 20_000;

    /// <summary>The source of events that monitors write.</summary>
    public const string EventSource = "Monitor Alert";

    const string Collection = "alerts-told";

    /// <summary>After this a mark from before a restart says that the transition was told whole.</summary>
    const long RetellSeconds = 600;

    readonly Outbox _outbox;
    readonly IDocumentStore _documents;
    readonly IEventStore _events;
    readonly AlertLinks _links;
    readonly Func<string, HostInfo?> _findHost;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly Lock _lock = new();
    readonly Dictionary<string, Told> _told;
    readonly Queue<string> _oldestFirst;
    readonly BurstRule _bursts = new();

    /// <param name="findHost">What is known of a host of that name; null for nothing.</param>
    /// <exception cref="StoreUnavailableException">What was told cannot be read.</exception>
    public AlertTeller(Outbox outbox, IDocumentStore documents, IEventStore events, AlertLinks links, Func<string, HostInfo?> findHost, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        (_outbox, _documents, _events, _links, _findHost, _counters, _problems, _clock) = (outbox, documents, events, links, findHost, counters, problems, clock);
        var marks = documents.FindAll<ToldMark>(Collection).OrderBy(mark => mark.ToldUnixSeconds).ToList();
        _told = marks.ToDictionary(mark => mark.Id, mark => new Told(mark.ToldUnixSeconds));
        _oldestFirst = new Queue<string>(marks.Select(mark => mark.Id));
    }

    /// <inheritdoc/>
    public void Tell(AlertTransition transition)
    {
        var notice = new NoticeText(transition, _links, _findHost);
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            var isAgain = _told.TryGetValue(transition.Id, out var told);
            if (isAgain && (told!.IsWhole || now.ToUnixTimeSeconds() - told.UnixSeconds > RetellSeconds)) return;
            if (!isAgain) told = Mark_NeedsLock(transition.Id, now.ToUnixTimeSeconds());
            foreach (var mention in Reachable(notice)) Deliver_NeedsLock(notice, mention, now);
            if (!isAgain || !HasEvent(notice)) _events.Add(EventOf(notice));
            told!.IsWhole = true;
        }
        _counters.Add("alerts_told", AlertWords.KindOf(transition));
    }

    List<Mention> Reachable(NoticeText notice)
    {
        var mentioned = notice.Mentioned();
        if (mentioned.Count > Mentions.MaxMentions)
        {
            _counters.Add("mentions_over_limit", count: mentioned.Count - Mentions.MaxMentions);
            _problems.Add("monitors", $"The message of \"{notice.Transition.Rule.Name}\" mentions {mentioned.Count}; {Mentions.MaxMentions} are told.", _clock.NowUnixNanos());
        }
        foreach (var other in mentioned.Where(mention => mention.Kind == MentionKind.Other))
        {
            _counters.Add("mentions_unreachable");
            _problems.Add("monitors", $"\"{notice.Transition.Rule.Name}\" mentions @{other.Handle}, and there is no such way here. There are addresses (@user@example.com), @webhook-NAME and @slack-NAME.", _clock.NowUnixNanos());
        }
        return [.. mentioned.Take(Mentions.MaxMentions).Where(mention => mention.Kind != MentionKind.Other)];
    }

    void Deliver_NeedsLock(NoticeText notice, Mention mention, DateTimeOffset now)
    {
        var transition = notice.Transition;
        var delivery = DeliveryOf(notice, mention, now);
        if (_outbox.Find(delivery.Id) is not null) return;
        var by = BundleKey(transition);
        var key = $"{transition.Rule.Id}|{delivery.Kind}|{mention.Kind}|{mention.Target}|{by}|{transition.IsTest}";
        if (_bursts.Enter(key, now, isBundledFromTheFirst: by is not null) is not { } burst)
        {
            _outbox.Post(delivery);
            return;
        }
        var line = new BundledNotice(notice.Title, notice.Sentence, notice.StatusUrl);
        if (burst.BundleId.Length > 0 && _outbox.AddToBundle(burst.BundleId, transition.Id, line)) return;
        _outbox.Post(delivery with { NextAttemptUnixMillis = burst.EndsAt.ToUnixTimeMilliseconds(), Bundle = [line] });
        burst.BundleId = delivery.Id;
    }

    /// <summary>What the groups that are told in one have in common, as the rule says; null when it does not.</summary>
    internal static string? BundleKey(AlertTransition transition) =>
        transition.Rule.Options.NotifyBy is not { Count: > 0 } keys ? null : string.Join(',', transition.GroupTags.Where(tag => keys.Any(key => tag.StartsWith(key + ":", StringComparison.Ordinal))).Order(StringComparer.Ordinal));

    static Delivery.Delivery DeliveryOf(NoticeText notice, Mention mention, DateTimeOffset now)
    {
        var transition = notice.Transition;
        var channel = mention.Kind switch { MentionKind.Webhook => DeliveryChannel.Webhook, MentionKind.Slack => DeliveryChannel.Slack, _ => DeliveryChannel.Mail };
        var (from, to) = AlertLinks.WindowOf(transition);
        var mail = channel == DeliveryChannel.Mail ? MailText.Of(notice) : null;
        return new Delivery.Delivery
        {
            Id = Name($"{transition.Id}|{channel}|{mention.Target.ToLowerInvariant()}"),
            Channel = channel,
            Target = mention.Target,
            Subject = mail?.Subject ?? notice.Title,
            Plain = mail?.Plain ?? notice.PlainMessage(),
            Html = mail?.Html ?? "",
            Chart = mail is not null && notice.Preset.HasPicture ? new AlertChart(transition.Rule, transition.GroupTags, from, to) : null,
            Url = notice.StatusUrl,
            Thread = "alert." + CycleKey(transition),
            Words = mail is null ? WordsOf(notice) : new Dictionary<string, string>(),
            MonitorId = transition.Rule.Id,
            About = transition.Rule.Name,
            Kind = AlertWords.KindOf(transition),
            Tells = [transition.Id],
            CreatedUnixMillis = now.ToUnixTimeMilliseconds(),
            NextAttemptUnixMillis = now.ToUnixTimeMilliseconds(),
        };
    }

    /// <summary>The same for a group from leaving OK to being OK again.</summary>
    static string CycleKey(AlertTransition transition) =>
        Name($"{transition.Rule.Id}|{transition.Group}|{transition.FirstTriggeredUnixSeconds ?? transition.AtUnixSeconds}{(transition.IsTest ? "|test" : "")}");

    static Dictionary<string, string> WordsOf(NoticeText notice)
    {
        var transition = notice.Transition;
        var rule = transition.Rule;
        var at = ValueText.Whole(transition.AtUnixSeconds);
        var markdown = string.Join("\n\n", [notice.ShownMessage(), .. notice.Facts()]);
        return new Dictionary<string, string>
        {
            ["EVENT_TITLE"] = notice.Title, ["EVENT_MSG"] = markdown, ["TEXT_ONLY_MSG"] = MarkdownText.ToPlain(markdown), ["ALERT_TRANSITION"] = AlertWords.KindOf(transition), ["ALERT_STATUS"] = MarkdownText.ToPlain(notice.Sentence),
            ["ALERT_TITLE"] = rule.Name, ["ALERT_ID"] = ValueText.Whole(rule.Id), ["ALERT_SCOPE"] = transition.Group, ["ALERT_METRIC"] = AlertSentence.MetricOf(rule) ?? "", ["ALERT_QUERY"] = rule.Query,
            ["ALERT_PRIORITY"] = notice.Priority is { } priority ? $"P{priority}" : "", ["ALERT_TYPE"] = AlertWords.AlertTypeOf(transition), ["ALERT_CYCLE_KEY"] = CycleKey(transition), ["AGGREG_KEY"] = ValueText.Whole(rule.Id), ["ID"] = Name(transition.Id),
            ["DATE"] = at + "000", ["DATE_POSIX"] = at, ["LAST_UPDATED"] = at + "000", ["LINK"] = notice.StatusUrl, ["SNAPSHOT"] = "", ["HOSTNAME"] = MessageValues.HostOf(transition) ?? "", ["TAGS"] = string.Join(",", TagsOf(transition)),
            ["EVENT_TYPE"] = EventTypeOf(rule), ["ORG_ID"] = "1", ["ORG_NAME"] = "Apm", ["PRIORITY"] = "normal", ["USER"] = rule.Creator, ["USERNAME"] = rule.Creator, ["EMAIL"] = rule.Creator.Contains('@', StringComparison.Ordinal) ? rule.Creator : "",
        };
    }

    static string EventTypeOf(MonitorRule rule) => rule.Type switch { "service check" => "service_check", "composite" => "composite_monitor", "event-v2 alert" or "event alert" => "event_alert", "trace-analytics alert" => "trace_analytics_alert", "slo alert" => "slo_alert", "log alert" => "log_alert", _ => "metric_alert_monitor" };

    static IEnumerable<string> TagsOf(AlertTransition transition) => transition.Rule.Tags.Concat(transition.GroupTags).Append("monitor").Distinct();

    static EventRecord EventOf(NoticeText notice) => new()
    {
        Title = notice.Title,
        Text = notice.EventText(MaxEventTextChars),
        UnixSeconds = notice.Transition.AtUnixSeconds,
        AlertType = AlertWords.AlertTypeOf(notice.Transition),
        Host = MessageValues.HostOf(notice.Transition) ?? "",
        Tags = [.. TagsOf(notice.Transition).Select(MetricNames.Tag).OfType<string>()],
        AggregationKey = ValueText.Whole(notice.Transition.Rule.Id),
        Source = EventSource,
    };

    bool HasEvent(NoticeText notice) =>
        _events.Search(new EventSearch(notice.Transition.AtUnixSeconds, notice.Transition.AtUnixSeconds) { Sources = [EventSource] }).Any(known => known.Title == notice.Title && known.AggregationKey == ValueText.Whole(notice.Transition.Rule.Id));

    Told Mark_NeedsLock(string id, long unixSeconds)
    {
        _documents.Store(Collection, Name(id), new ToldMark(id, unixSeconds));
        var told = _told[id] = new Told(unixSeconds);
        _oldestFirst.Enqueue(id);
        while (_oldestFirst.Count > MaxTold && _oldestFirst.TryDequeue(out var oldest))
        {
            _documents.Remove(Collection, Name(oldest));
            _told.Remove(oldest);
        }
        return told;
    }

    /// <summary>A short name that may stand in a Message-ID.</summary>
    internal static string Name(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    sealed class Told(long unixSeconds)
    {
        public long UnixSeconds { get; } = unixSeconds;

        /// <summary>Event and deliveries are kept.</summary>
        public bool IsWhole { get; set; }
    }

    sealed record ToldMark(string Id, long ToldUnixSeconds);
}
