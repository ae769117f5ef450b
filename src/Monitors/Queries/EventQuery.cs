using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// A search for events as monitors and boards write it, in the grammar of <see cref="SearchReader{T}"/>:
/// <c>source:(nagios OR chef) env:pr* -team:a "went wrong"</c>. Keys, with or without an @ before them, are <c>tags</c> and <c>hosts</c>
/// (lists, all of which must be there) and <c>sources</c> (a list, one of which must be), <c>priority</c>, <c>status</c>,
/// <c>title</c>, <c>text</c>; any other is a tag. <c>*</c> in a value is any text.
/// </summary>
public sealed class EventQuery
{
    /// <summary>Longest search, in characters; default 4096, as of traces. A longer one is refused.</summary>
    public const int MaxTextLength = 4_096;

    readonly SearchNode<EventRecord> _root;

    EventQuery(SearchNode<EventRecord> root) => _root = root;

    /// <exception cref="QueryTextException">The text is no such search.</exception>
    public static EventQuery Parse(string text) => new(Reader.Parse(text));

    /// <summary>Whether an event is what is searched; its time aside.</summary>
    public bool Holds(EventRecord happened) => _root.Holds(happened);

    sealed class Reader : SearchReader<EventRecord>
    {
        static readonly string[] s_statuses = ["error", "warning", "info", "success", "user_update", "recommendation", "snapshot"];

        Reader(string text) : base(text, MaxTextLength)
        {
        }

        public static SearchNode<EventRecord> Parse(string text) => new Reader(text).Read();

        protected override Predicate<EventRecord> Term(string key, string value, TextRange at)
        {
            if (value.Length == 0) throw Wrong($"between the quotes at column {at.Column} stands nothing", at);
            switch (key.Length > 0 && key[0] == '@' ? key[1..] : key)
            {
                case "": return value == "*" ? _ => true : InText(value, happened => happened.Title, happened => happened.Text);
                case "title": return InText(value, happened => happened.Title);
                case "text" or "message": return InText(value, happened => happened.Text);
                case "priority": return Priority(value, at);
                case "status" or "alert_type": return Status(value, at);
                case "source" or "sources": return Listed(value, at, Source, isEnough: true);
                case "hosts": return Listed(value, at, host => Tag("host:" + host, at));
                case "tag" or "tags": return Listed(value, at, tag => Tag(tag, at));
                case var tag: return Tag($"{tag}:{value}", at);
            }
        }

        static Predicate<EventRecord> InText(string value, params Func<EventRecord, string>[] texts)
        {
            var wanted = StarText.Of(value);
            return happened => texts.Any(text => wanted.IsIn(text(happened)));
        }

        static Predicate<EventRecord> Source(string value)
        {
            var wanted = StarText.Of(value);
            return happened => wanted.Matches(happened.Source);
        }

        Predicate<EventRecord> Priority(string value, TextRange at) => value.ToLowerInvariant() switch
        {
            "all" or "*" => _ => true,
            "normal" => happened => happened.Priority == "normal",
            "low" => happened => happened.Priority == "low",
            _ => throw Wrong($"\"{value}\" at column {at.Column}: priority is all, normal or low", at),
        };

        Predicate<EventRecord> Status(string value, TextRange at)
        {
            var status = value.ToLowerInvariant() switch { "warn" => "warning", "ok" => "success", var other => other };
            if (status is "*" or "all") return _ => true;
            return s_statuses.Contains(status) ? happened => happened.AlertType == status
                : throw Wrong($"\"{value}\" at column {at.Column} is no status. There are: {string.Join(", ", s_statuses)}", at, NearestWord.Find(value, s_statuses));
        }

        /// <summary>Values with commas between.</summary>
        /// <param name="isEnough">Whether one is enough.</param>
        Predicate<EventRecord> Listed(string value, TextRange at, Func<string, Predicate<EventRecord>> test, bool isEnough = false)
        {
            Predicate<EventRecord>[] tests = [.. value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(test)];
            if (tests.Length == 0) throw Wrong($"\"{value}\" at column {at.Column} is a list without values", at);
            return isEnough ? happened => Array.Exists(tests, one => one(happened)) : happened => Array.TrueForAll(tests, one => one(happened));
        }

        /// <summary>A tag, normalised as those of events are; the host counts as one.</summary>
        Predicate<EventRecord> Tag(string written, TextRange at)
        {
            if (!written.Contains('*', StringComparison.Ordinal))
            {
                var tag = MetricNames.Tag(written) ?? throw Wrong($"\"{written}\" at column {at.Column} is no tag: tags begin with a letter", at);
                return happened => happened.HasTag(tag);
            }
            // Each stretch between stars is normalised as the inside of a tag; only at the beginning a letter has to stand.
            var parts = written.Split('*');
            var wanted = StarText.Of(string.Join('*', parts.Select((part, i) => i == 0 ? Normal(part) : Normal("x" + part)[1..])));
            return happened => happened.Tags.Any(wanted.Matches) || (happened.Host.Length > 0 && MetricNames.Tag("host:" + happened.Host) is { } host && wanted.Matches(host));
        }

        /// <summary>A colon at the end, which a whole tag would lose, is kept.</summary>
        static string Normal(string part) => (MetricNames.Tag(part) ?? "") + (part.EndsWith(':') ? ":" : "");

        protected override QueryTextException Wrong(string what, TextRange at, string? suggestion = null) => new($"{char.ToUpperInvariant(what[0])}{what[1..]}.", at, suggestion);
    }
}
