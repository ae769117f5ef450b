using Apm.Core.Metrics;

namespace Apm.Core.Events;

/// <summary>Something that happened at a time and is worth a line: a deployment, an alert, a comment (metrics-monitors §2.4, §4.6).</summary>
public sealed record EventRecord
{
    /// <summary>Given by the store, unique, ascending in the order of arrival; 0 before.</summary>
    public long Id { get; init; }

    public required string Title { get; init; }

    /// <summary>May be Markdown, between lines <c>%%%</c>; "" for none.</summary>
    public string Text { get; init; } = "";

    /// <summary>When it happened, Unix seconds.</summary>
    public required long UnixSeconds { get; init; }

    /// <summary><c>normal</c> or <c>low</c>.</summary>
    public string Priority { get; init; } = "normal";

    /// <summary><c>error</c>, <c>warning</c>, <c>info</c>, <c>success</c>, <c>user_update</c>, <c>recommendation</c> or <c>snapshot</c>.</summary>
    public string AlertType { get; init; } = "info";

    /// <summary>"" for none.</summary>
    public string Host { get; init; } = "";

    /// <summary>Normalised, as tags of series are.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Events with the same key are shown as one; "" for none.</summary>
    public string AggregationKey { get; init; } = "";

    /// <summary>Who says so, such as <c>my apps</c>; "" for none.</summary>
    public string Source { get; init; } = "";

    public string DeviceName { get; init; } = "";

    /// <summary>The event that this one comments on; 0 for none.</summary>
    public long RelatedEventId { get; init; }

    /// <summary>What <see cref="Source"/> is of a comment on another event.</summary>
    public const string CommentSource = "comment";

    /// <summary>Whether it is a comment; those are shown beneath the event that they comment on.</summary>
    public bool IsComment() => Source == CommentSource && RelatedEventId != 0;

    /// <summary>Whether it has a tag, normalised; its host counts as <c>host:NAME</c>.</summary>
    public bool HasTag(string tag) => Tags.Contains(tag) || (Host.Length > 0 && MetricNames.Tag("host:" + Host) == tag);
}
