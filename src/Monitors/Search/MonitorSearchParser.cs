using System.Globalization;
using Apm.Monitors.Queries;
using Apm.Query.Text;

namespace Apm.Monitors.Search;

/// <summary>
/// Reads what people type to find monitors (metrics-monitors §4.12), in the grammar of <see cref="SearchReader{T}"/>. Keys are
/// <c>status</c>, <c>muted</c>, <c>type</c>, <c>tag</c>, <c>notification</c>, <c>metric</c>, <c>scope</c>, <c>group</c>, <c>priority</c>,
/// <c>creator</c>, <c>id</c>, <c>name</c>; text is looked for in names; <c>*</c> in a text is any text.
/// </summary>
public sealed class MonitorSearchParser : SearchReader<MonitorCard>
{
    /// <summary>Longest search, in characters; default 2000. A longer one is refused.</summary>
    public const int MaxTextLength = 2_000;

    static readonly string[] s_keys = ["status", "muted", "type", "tag", "notification", "metric", "scope", "group", "priority", "creator", "id", "name"];
    static readonly string[] s_statuses = ["alert", "warn", "ok", "no data", "unknown", "ignored", "skipped"];

    MonitorSearchParser(string text) : base(text, MaxTextLength)
    {
    }

    /// <exception cref="QueryTextException">The text is no such search.</exception>
    public static SearchNode<MonitorCard> Parse(string text) => new MonitorSearchParser(text).Read();

    /// <inheritdoc/>
    protected override Predicate<MonitorCard> Term(string key, string value, TextRange at)
    {
        var wanted = StarText.Of(key == "notification" ? value.TrimStart('@') : value);
        return key switch
        {
            "" or "name" => card => wanted.IsIn(card.Rule.Name),
            "status" => Status(value, at),
            "muted" => Muted(value, at),
            "type" => card => wanted.Matches(card.Classification) || wanted.Matches(card.Rule.Type),
            "tag" => card => card.Rule.Tags.Any(wanted.Matches),
            "notification" => card => card.Handles.Any(wanted.IsIn),
            "metric" => card => card.Metrics.Any(wanted.Matches),
            "scope" => card => card.Scopes.Any(scope => wanted.Matches(scope) || scope.Split(',').Any(part => wanted.Matches(part.Trim()))),
            "group" => card => card.Groups.Any(group => wanted.Matches(group) || group.Split(',').Any(wanted.Matches)),
            "priority" => Priority(value, at),
            "creator" => card => wanted.IsIn(card.Rule.Creator),
            "id" => Id(value, at),
            _ => throw UnknownKey(key, at),
        };
    }

    Predicate<MonitorCard> Status(string value, TextRange at) => s_statuses.Contains(value.ToLowerInvariant()) ? card => Same(card.Status, value) : throw Wrong($"'{value}' is not a valid monitor status", at);

    Predicate<MonitorCard> Muted(string value, TextRange at) => value.ToLowerInvariant() switch
    {
        "true" => card => card.IsMuted,
        "false" => card => !card.IsMuted,
        _ => throw Wrong($"'{value}' is neither true nor false", at),
    };

    Predicate<MonitorCard> Priority(string value, TextRange at) =>
        int.TryParse(value.TrimStart('p', 'P'), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= 5 ? card => card.Rule.Priority == priority : throw Wrong($"'{value}' is not a valid priority; write p1 to p5", at);

    Predicate<MonitorCard> Id(string value, TextRange at) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? card => card.Rule.Id == id : throw Wrong($"'{value}' is not a valid monitor id", at);

    QueryTextException UnknownKey(string key, TextRange at)
    {
        var nearest = NearestWord.Find(key, s_keys);
        return Wrong($"'{key}' at column {at.Column} is not a key of a monitor search." + (nearest is null ? "" : $" Did you mean '{nearest}'?") + $" There are: {string.Join(", ", s_keys)}", at, nearest);
    }

    /// <inheritdoc/>
    protected override QueryTextException Wrong(string what, TextRange at, string? suggestion = null) => new("Query parsing error: " + what, at, suggestion);

    static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
