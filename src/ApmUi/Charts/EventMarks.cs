using Apm.ApmUi.Format;
using Apm.Core.Events;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Text;

namespace Apm.ApmUi.Charts;

/// <summary>Events that a chart marks or a widget lists, searched as <see cref="EventQuery"/> reads it (metrics-monitors §11.4).</summary>
public static class EventMarks
{
    /// <summary>Most events marked on a chart, those close together counted as one; default 30, the newest. More would cover it.</summary>
    public const int MaxMarks = 30;

    /// <summary>Most events looked at for the marks of a chart; default 500, the newest.</summary>
    public const int MaxRead = 500;

    /// <summary>Most characters of an event's text in a card; default 160.</summary>
    public const int MaxTextChars = 160;

    /// <summary>Events that stand closer than this part of the range are one mark.</summary>
    const int MergedPart = 120;

    /// <summary>A chart with the marks of its searches; one that cannot be understood leaves the chart as it is, with a note why.</summary>
    public static ChartData On(ChartData chart, IEnumerable<IEventStore> stores, IReadOnlyList<string> queries, TimeRange range)
    {
        try
        {
            return chart with { Marks = Marks(stores, queries, range) };
        }
        catch (QueryTextException wrong)
        {
            return chart with { Note = string.Join(' ', ((string?[])[chart.Note, "No events are marked. " + wrong.Message]).OfType<string>()) };
        }
    }

    /// <summary>The marks of a widget; those with the same words are there once.</summary>
    /// <exception cref="QueryTextException">A search cannot be understood.</exception>
    public static IReadOnlyList<ChartMark> Marks(IEnumerable<IEventStore> stores, IReadOnlyList<string> queries, TimeRange range)
    {
        if (queries.Count == 0) return [];
        var found = queries.SelectMany(query => Search(stores, query, range, MaxRead)).DistinctBy(happened => happened.Id).OrderBy(happened => happened.UnixSeconds).ToList();
        var groups = new List<List<EventRecord>>();
        foreach (var happened in found)
        {
            if (groups is [.., var last] && (happened.UnixSeconds - last[0].UnixSeconds) * UnixTime.NanosPerSecond < range.LengthNanos / MergedPart) last.Add(happened);
            else groups.Add([happened]);
        }
        return [.. groups.TakeLast(MaxMarks).Select(MarkOf)];
    }

    /// <summary>Events of a search, the newest first.</summary>
    /// <exception cref="QueryTextException">It cannot be understood.</exception>
    public static IReadOnlyList<EventRecord> Search(IEnumerable<IEventStore> stores, string query, TimeRange range, int take)
    {
        var search = new EventSearch(range.FromUnixNanos / UnixTime.NanosPerSecond, range.ToUnixNanos / UnixTime.NanosPerSecond) { Condition = EventQuery.Parse(query).Holds, Take = take };
        return [.. stores.SelectMany(store => store.Search(search))];
    }

    /// <summary>How grave an event is, as a token of colour.</summary>
    public static string KindOf(EventRecord happened) => happened.AlertType switch { "error" => "error", "warning" => "warn", "success" => "ok", _ => "info" };

    /// <summary>What it says besides its title, as far as a card can hold it.</summary>
    static string TextOf(EventRecord happened)
    {
        var text = string.Join(' ', happened.Text.Replace("%%%", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length == 0 || text == happened.Title ? "" : ": " + (text.Length > MaxTextChars ? text[..MaxTextChars] + "…" : text);
    }

    static ChartMark MarkOf(List<EventRecord> group)
    {
        var worst = group.MinBy(happened => KindOf(happened) switch { "error" => 0, "warn" => 1, "info" => 2, _ => 3 })!;
        return new ChartMark(
            group[0].UnixSeconds * 1000,
            group.Count == 1 ? worst.Title : Figure.Of(group.Count, "event"),
            string.Join("; ", group.Take(5).Select(happened => happened.Title + (happened.Tags.Count > 0 ? $" ({string.Join(", ", happened.Tags.Take(4))})" : "") + (group.Count == 1 ? TextOf(happened) : ""))) + (group.Count > 5 ? $" and {group.Count - 5} more" : ""),
            KindOf(worst));
    }
}
