using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Counting;
using Apm.Core.Dashboards;
using Apm.Core.Events;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.ApmUi.Snapshots;

/// <summary>A chart of a page that somebody wants to share.</summary>
/// <param name="Value">What its island draws.</param>
/// <param name="Title">Its name on the page.</param>
/// <param name="Page">Address of the page, from the site's root.</param>
/// <param name="Source">Address of its data.</param>
public sealed record SharedChart(object Value, string Title, string Page, string Source)
{
    /// <summary>The time it shows.</summary>
    public (long FromMs, long ToMs) Window => Value switch { ChartData chart => (chart.FromMs, chart.ToMs), HeatData heat => (heat.FromMs, heat.ToMs), _ => (0, 0) };

    /// <summary>Its metric queries; none when it is of something else.</summary>
    public IReadOnlyList<string> Queries => Value switch { ChartData chart => chart.Queries, HeatData heat => heat.Queries, _ => [] };

    /// <summary>The page over exactly this time.</summary>
    public string FixedPage => PageUrl.Parse(Page).With("from", ValueText.Whole(Window.FromMs)).With("to", ValueText.Whole(Window.ToMs)).ToString();

    /// <summary>What it shows when that is no metric query: the words of its data's address.</summary>
    public string Shown => Queries.Count > 0 ? "" : string.Join(' ', PageUrl.Parse(Source).Parameters.Where(parameter => parameter.Key is not ("from" or "to" or "version")).Select(parameter => $"{parameter.Key}:{parameter.Value}"));

    /// <summary>The chart as PNG.</summary>
    /// <exception cref="SnapshotException">It is nothing that can be drawn.</exception>
    public byte[] PaintPng()
    {
        var frame = new PictureFrame(Title, TimeZoneInfo.Utc);
        return Value switch
        {
            ChartData chart => ChartPainter.PaintPng(chart, frame),
            HeatData heat => HeatPainter.PaintPng(heat, frame),
            _ => throw new SnapshotException("Only charts and heat maps can be drawn as a picture."),
        };
    }
}

/// <summary>
/// Shares charts as metrics-monitors §11 says: a picture that is kept, an event with the comment in the stream, and the picture by mail, webhook or Slack
/// to each who is mentioned.
/// </summary>
/// <remarks>Any thread.</remarks>
public sealed class SnapshotDesk(ISnapshots snapshots, IEventStore events, Outbox outbox, AlertLinks links, Counters counters, TimeProvider clock)
{
    /// <summary>Longest comment, in characters; default 2,000. A longer one is refused.</summary>
    public const int MaxCommentChars = 2_000;

    /// <summary>The source of its events.</summary>
    public const string EventSource = "Snapshot";

    /// <summary>Longest title of a picture and its event.</summary>
    const int MaxTitleChars = 300;

    /// <summary>The picture is kept, told and on its way when this returns.</summary>
    /// <exception cref="SnapshotException">It cannot be drawn, or the comment is too long; nothing was done.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be kept, or not be told; safe to retry.</exception>
    public Snapshot Share(SharedChart chart, string comment)
    {
        comment = comment.ReplaceLineEndings("\n").Trim();
        if (comment.Length > MaxCommentChars) throw new SnapshotException($"The comment has {comment.Length} characters; at most {MaxCommentChars} are kept. Shorten it.");
        var (fromMs, toMs) = chart.Window;
        var title = chart.Title.Trim() is { Length: > 0 } given ? given[..Math.Min(given.Length, MaxTitleChars)] : "A chart";
        var order = new SnapshotOrder(chart.Queries, fromMs / 1000, Math.Max(fromMs / 1000 + 1, toMs / 1000)) { Title = title };
        var note = new SnapshotNote(Dashboard.NobodysHandle, comment, chart.FixedPage, chart.Shown);
        var snapshot = snapshots.Keep(order, note, chart.PaintPng());
        events.Add(EventOf(snapshot, note));
        foreach (var mention in Reached(note).Take(Mentions.MaxMentions)) outbox.Post(DeliveryOf(snapshot, note, mention));
        counters.Add("snapshots_shared");
        return snapshot;
    }

    /// <summary>Where a picture stands.</summary>
    public static string PictureOf(Snapshot snapshot) => Snapshot.PicturePath + snapshot.Id + Snapshot.PictureEnding;

    /// <summary>The page of a snapshot, from the site's root.</summary>
    public static string PageOf(Snapshot snapshot) => "/snapshots/" + snapshot.Id;

    /// <summary>Those who are mentioned and can be told.</summary>
    static IEnumerable<Mention> Reached(SnapshotNote note) => Mentioned(note).Where(mention => mention.Kind != MentionKind.Other);

    /// <summary>All who are mentioned.</summary>
    public static IReadOnlyList<Mention> Mentioned(SnapshotNote note) => Mentions.Of(RenderedMessage.Plain(note.Comment));

    /// <summary>What became of telling them, in the order of the comment; of some that were told long ago nothing is known any more.</summary>
    public IReadOnlyList<(Mention Mention, Delivery? Delivery)> Told(Snapshot snapshot) =>
        snapshot.Note is { } note ? [.. Mentioned(note).Select(mention => (mention, outbox.Find(DeliveryId(snapshot, mention))))] : [];

    EventRecord EventOf(Snapshot snapshot, SnapshotNote note) => new()
    {
        Title = $"{note.Author} shared a graph: {snapshot.Order.Title}",
        Text = $"%%%\n{(note.Comment.Length > 0 ? note.Comment + "\n\n" : "")}![Metric Graph]({links.Site}{PictureOf(snapshot)})\n\n[{WordsForPage(note)}]({links.Site}{note.Page})\n%%%",
        UnixSeconds = snapshot.Order.ToUnixSeconds,
        AlertType = "snapshot",
        Host = HostFixedBy(snapshot.Order.Queries),
        Source = EventSource,
        AggregationKey = snapshot.Id,
    };

    Delivery DeliveryOf(Snapshot snapshot, SnapshotNote note, Mention mention)
    {
        var mail = MailOf(snapshot, note);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var isMail = mention.Kind == MentionKind.Mail;
        return new Delivery
        {
            Id = DeliveryId(snapshot, mention),
            Channel = mention.Kind switch { MentionKind.Webhook => DeliveryChannel.Webhook, MentionKind.Slack => DeliveryChannel.Slack, _ => DeliveryChannel.Mail },
            Target = mention.Target,
            Subject = mail.Subject,
            Plain = mail.Plain,
            Html = isMail ? mail.Html : "",
            SnapshotId = isMail ? snapshot.Id : "",
            Url = links.Site + PageOf(snapshot),
            Thread = "snapshot." + snapshot.Id,
            Words = isMail ? new Dictionary<string, string>() : WordsOf(snapshot, note, mail, now),
            About = snapshot.Order.Title,
            Kind = "Snapshot",
            CreatedUnixMillis = now,
            NextAttemptUnixMillis = now,
        };
    }

    MailText MailOf(Snapshot snapshot, SnapshotNote note)
    {
        var title = snapshot.Order.Title;
        var window = TimeTicks.Window(snapshot.Order.FromUnixSeconds * 1000, snapshot.Order.ToUnixSeconds * 1000, TimeZoneInfo.Utc);
        var subject = $"{note.Author} mentioned you: {title}";
        (string Words, string Url)[] pages = [(WordsForPage(note), links.Site + note.Page), ("Snapshot", links.Site + PageOf(snapshot))];
        var who = $"{note.Author}, {ValueText.Time(snapshot.TakenUnixSeconds)}";
        var html = $"<div class=\"fact\">{MarkdownText.Encode(who)}</div>{(note.Comment.Length > 0 ? $"<div class=\"message\">{MarkdownText.ToHtml(note.Comment)}</div>" : "")}{MailPage.ChartMark}"
            + $"<table class=\"facts\" role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\"><tr><td class=\"name\">Time</td><td>{MarkdownText.Encode(window)}</td></tr><tr><td class=\"name\">Shows</td><td>{MarkdownText.Encode(ShownBy(snapshot))}</td></tr></table>"
            + "<div class=\"fact\">To answer, write to whoever sent it, or share a snapshot of your own from the live chart.</div>";
        var plain = string.Join("\n\n", new[] { subject, who, MarkdownText.ToPlain(note.Comment), $"Picture: {links.Site}{PictureOf(snapshot)}\nTime: {window}\nShows: {ShownBy(snapshot)}", string.Join('\n', pages.Select(page => $"{page.Words}: {page.Url}")) }.Where(part => part.Length > 0));
        return new MailText(subject, plain, MailPage.Of(MailLook.Calm, "Snapshot", title, "", html, pages));
    }

    Dictionary<string, string> WordsOf(Snapshot snapshot, SnapshotNote note, MailText mail, long nowUnixMillis) => new()
    {
        ["EVENT_TITLE"] = mail.Subject, ["EVENT_MSG"] = note.Comment, ["TEXT_ONLY_MSG"] = MarkdownText.ToPlain(note.Comment), ["EVENT_TYPE"] = "snapshot", ["ID"] = snapshot.Id, ["LINK"] = links.Site + PageOf(snapshot),
        ["SNAPSHOT"] = links.Site + PictureOf(snapshot), ["ALERT_QUERY"] = string.Join(", ", snapshot.Order.Queries), ["USER"] = note.Author, ["USERNAME"] = note.Author, ["DATE"] = ValueText.Whole(nowUnixMillis), ["DATE_POSIX"] = ValueText.Whole(nowUnixMillis / 1000),
        ["LAST_UPDATED"] = ValueText.Whole(nowUnixMillis), ["ORG_ID"] = "1", ["ORG_NAME"] = "Apm",
    };

    /// <summary>What the picture shows, in a line.</summary>
    public static string ShownBy(Snapshot snapshot) => snapshot.Order.Queries.Count > 0 ? string.Join(", ", snapshot.Order.Queries) : snapshot.Note?.Shown ?? "";

    /// <summary>What the link to the live chart is called.</summary>
    public static string WordsForPage(SnapshotNote note) => note.Page.StartsWith("/dashboards/", StringComparison.Ordinal) ? "View in dashboard" : "View the live chart";

    static string DeliveryId(Snapshot snapshot, Mention mention) => $"snapshot-{snapshot.Id[..16]}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(mention.Handle.ToLowerInvariant())).AsSpan(0, 8))}";

    /// <summary>The one host that all queries ask for; "" when they ask for none, or several.</summary>
    static string HostFixedBy(IReadOnlyList<string> queries)
    {
        var hosts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var query in queries)
        {
            try
            {
                foreach (var metric in MetricQueryParser.Parse(query).Queries.SelectMany(one => one.MetricQueries))
                {
                    var conditions = metric.Scope is ScopeAnd all ? all.Children : metric.Scope is { } one ? [one] : [];
                    hosts.Add(conditions.OfType<ScopeTag>().FirstOrDefault(tag => tag.Key == "host")?.Value is { HasStar: false } host ? host.Text : "");
                }
            }
            catch (QueryTextException)
            {
                return "";
            }
        }
        return hosts.Count == 1 ? hosts.Single() : "";
    }
}
