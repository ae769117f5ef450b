using Apm.Core.Counting;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Notify;

/// <summary>What happened to a downtime.</summary>
public enum DowntimeNews
{
    Scheduled,
    Started,
    Ended,
    Cancelled,
}

/// <summary>Tells those whom a downtime's message mentions when it is scheduled, starts, ends and is cancelled (metrics-monitors §8.1).</summary>
/// <remarks>
/// Starts and ends are looked for every few seconds, from the last look on, which is kept: what fell into a time without the process is
/// told when it is back, as far as <see cref="LookBack"/>. Each notice has an id of its own, so that none is told twice.
/// </remarks>
public sealed class DowntimeNotices : IDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>How far back a start or end is still told.</summary>
    static readonly TimeSpan LookBack = TimeSpan.FromHours(24);

    const string Collection = "downtime-notices";
    const string LookDocument = "last-look";

    readonly DowntimeBook _book;
    readonly IMonitorRules _rules;
    readonly Outbox _outbox;
    readonly AlertLinks _links;
    readonly IDocumentStore _documents;
    readonly Counters _counters;
    readonly RecentProblems _problems;
    readonly TimeProvider _clock;
    readonly Lock _lock = new();
    ITimer? _timer;
    long _lookedUnixSeconds;

    /// <exception cref="StoreUnavailableException">The last look cannot be read.</exception>
    public DowntimeNotices(DowntimeBook book, IMonitorRules rules, Outbox outbox, AlertLinks links, IDocumentStore documents, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        (_book, _rules, _outbox, _links, _documents, _counters, _problems, _clock) = (book, rules, outbox, links, documents, counters, problems, clock);
        var earliest = book.NowUnixSeconds - (long)LookBack.TotalSeconds;
        _lookedUnixSeconds = documents.Find<LastLook>(Collection, LookDocument) is { } last ? Math.Max(earliest, last.UnixSeconds) : book.NowUnixSeconds;
    }

    /// <summary>Looks from now on.</summary>
    public void Start() => _timer = _clock.CreateTimer(_ => Look(), null, TimeSpan.Zero, Every);

    public void Dispose() => _timer?.Dispose();

    /// <summary>Tells that one was entered or, if it holds already, that it is in force too.</summary>
    public void Scheduled(Downtime downtime)
    {
        if (Occurrences.CurrentOrNext(downtime, _book.NowUnixSeconds) is { } next) Tell(downtime, DowntimeNews.Scheduled, next);
    }

    /// <summary>Tells that somebody ended one.</summary>
    public void Cancelled(Downtime downtime)
    {
        var uncut = downtime with { CanceledUnixSeconds = null };
        if (Occurrences.CurrentOrNext(uncut, downtime.CanceledUnixSeconds ?? _book.NowUnixSeconds) is { } cut) Tell(downtime, DowntimeNews.Cancelled, cut);
    }

    /// <summary>Tells of starts and ends since the last look. Never throws: what could not be kept is told at the next.</summary>
    public void Look()
    {
        lock (_lock)
        {
            var now = _book.NowUnixSeconds;
            if (now <= _lookedUnixSeconds) return;
            try
            {
                _book.CloseRecords();
                var hasNews = false;
                foreach (var downtime in _book.All().Where(downtime => !downtime.IsDisabled && downtime.Message.Length > 0))
                    hasNews |= TellSince(downtime, _lookedUnixSeconds, now);
                if (hasNews || now % 300 < Every.TotalSeconds) _documents.Store(Collection, LookDocument, new LastLook(now));
                _lookedUnixSeconds = now;
            }
            catch (StoreUnavailableException unavailable)
            {
                _problems.Add("downtimes", unavailable.Message, _clock.NowUnixNanos());
            }
        }
    }

    bool TellSince(Downtime downtime, long after, long upTo)
    {
        var hasNews = false;
        foreach (var occurrence in Occurrences.EndingAfter(downtime, after))
        {
            if (occurrence.StartUnixSeconds > upTo) break;
            if (occurrence.StartUnixSeconds > after)
            {
                Tell(downtime, DowntimeNews.Started, occurrence);
                hasNews = true;
            }
            if (occurrence.EndUnixSeconds > upTo || occurrence.EndUnixSeconds == downtime.CanceledUnixSeconds) continue;
            Tell(downtime, DowntimeNews.Ended, occurrence);
            hasNews = true;
        }
        return hasNews;
    }

    void Tell(Downtime downtime, DowntimeNews news, DowntimeOccurrence occurrence)
    {
        var mentions = Mentions.Of(RenderedMessage.Plain(downtime.Message)).Where(mention => mention.Kind != MentionKind.Other).Take(Mentions.MaxMentions).ToList();
        if (mentions.Count == 0) return;
        var text = TextOf(downtime, news, occurrence);
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var mention in mentions)
        {
            _outbox.Post(new Delivery.Delivery
            {
                Id = AlertTeller.Name($"downtime|{downtime.Uuid}|{news}|{occurrence.StartUnixSeconds}|{downtime.CanceledUnixSeconds}|{mention.Handle}"),
                Channel = mention.Kind switch { MentionKind.Webhook => DeliveryChannel.Webhook, MentionKind.Slack => DeliveryChannel.Slack, _ => DeliveryChannel.Mail },
                Target = mention.Target,
                Subject = text.Subject,
                Plain = text.Plain,
                Html = mention.Kind == MentionKind.Mail ? text.Html : "",
                Url = _links.Downtimes(),
                Thread = "downtime." + downtime.Uuid,
                Words = mention.Kind == MentionKind.Mail ? new Dictionary<string, string>() : new Dictionary<string, string>
                {
                    ["EVENT_TITLE"] = text.Subject, ["EVENT_MSG"] = text.Plain, ["TEXT_ONLY_MSG"] = text.Plain, ["EVENT_TYPE"] = "downtime", ["ID"] = downtime.Uuid, ["LINK"] = _links.Downtimes(), ["ALERT_SCOPE"] = downtime.ScopeText(),
                    ["ALERT_TRANSITION"] = news.ToString(), ["DATE"] = ValueText.Whole(now), ["DATE_POSIX"] = ValueText.Whole(now / 1000), ["LAST_UPDATED"] = ValueText.Whole(now), ["ORG_ID"] = "1", ["ORG_NAME"] = "Apm",
                },
                MonitorId = downtime.MonitorId,
                About = "Downtime",
                Kind = news.ToString(),
                CreatedUnixMillis = now,
                NextAttemptUnixMillis = now,
            });
            _counters.Add("downtime_notices", news.ToString().ToLowerInvariant());
        }
    }

    MailText TextOf(Downtime downtime, DowntimeNews news, DowntimeOccurrence occurrence)
    {
        var zone = downtime.DisplayTimeZone.Length > 0 ? downtime.DisplayTimeZone : downtime.TimeZone;
        var monitor = downtime.MonitorId is { } id ? _rules.Find(id)?.Name ?? $"monitor {id}" : downtime.MonitorTags is [DowntimeScope.Everything] ? "all monitors" : $"monitors tagged {string.Join(", ", downtime.MonitorTags)}";
        var facts = new List<(string, string)>
        {
            ("Silences", monitor), ("Scope", downtime.ScopeText()), ("From", RecurrenceWords.Time(occurrence.StartUnixSeconds, zone)),
            ("Until", occurrence.EndUnixSeconds == long.MaxValue ? "somebody ends it" : RecurrenceWords.Time(occurrence.EndUnixSeconds, zone)),
        };
        if (news == DowntimeNews.Cancelled && downtime.CanceledUnixSeconds is { } canceled) facts.Add(("Cancelled", RecurrenceWords.Time(canceled, zone)));
        if (downtime.IsRecurring()) facts.Add(("Repeats", RecurrenceWords.Of(downtime)));
        if (news == DowntimeNews.Ended && downtime.IsRecurring() && Occurrences.CurrentOrNext(downtime, occurrence.EndUnixSeconds) is { } next) facts.Add(("Next", RecurrenceWords.Time(next.StartUnixSeconds, zone)));
        if (downtime.Creator.Length > 0) facts.Add(("Made by", downtime.Creator));
        return MailText.OfFacts($"[Downtime] {news}: {downtime.ScopeText()}", $"Downtime {news.ToString().ToLowerInvariant()}", monitor, downtime.Message, facts, [("Downtimes", _links.Downtimes())]);
    }

    sealed record LastLook(long UnixSeconds);
}
