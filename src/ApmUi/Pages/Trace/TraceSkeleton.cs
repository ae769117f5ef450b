using System.Text.Json;
using Apm.ApmUi.Format;
using Apm.Core.Spans;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>
/// A trace as columns for the waterfall: spans in tree order, texts once in a table, times in whole microseconds from the
/// trace's start, no ids. Flags: 1 error, 2 a parent that is not stored, 4 on the critical path, 8 one of calls that a request repeats.
/// </summary>
public sealed record TraceSkeleton
{
    public required int Count { get; init; }
    public required IReadOnlyList<string> Strings { get; init; }
    public required int[] Service { get; init; }
    public required int[] Name { get; init; }
    public required int[] Resource { get; init; }
    public required int[] Parent { get; init; }
    public required long[] Start { get; init; }
    public required long[] Dur { get; init; }
    public required long[] Self { get; init; }
    public required int[] Flags { get; init; }
    public required long TotalUs { get; init; }

    /// <summary>String index of each span's host; the name of the service where spans do not say it.</summary>
    public required int[] Host { get; init; }

    /// <summary>Row of each span in the flame graph; null when nobody asked.</summary>
    public int[]? Lane { get; init; }

    /// <summary>Colour token by the string index of a service.</summary>
    public required IReadOnlyDictionary<int, string> Colors { get; init; }

    /// <summary>Pairs of span and µs since the trace's start.</summary>
    public required IReadOnlyList<long> Events { get; init; }
    public bool Complete { get; init; } = true;
    public long Scanned { get; init; }

    /// <summary>Builds the columns.</summary>
    /// <param name="tree">The trace.</param>
    /// <param name="colorOf">Colour token of a service.</param>
    /// <param name="withLanes">Whether rows of a flame graph are wanted.</param>
    /// <param name="shown">What is shown of a name or resource; as it is without.</param>
    public static TraceSkeleton Of(TraceTree tree, Func<string, string> colorOf, bool withLanes = false, Func<string, string>? shown = null)
    {
        shown ??= text => text;
        var nodes = tree.Nodes;
        var count = nodes.Count;
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        var strings = new List<string>();
        int Index(string text)
        {
            if (indexes.TryGetValue(text, out var known)) return known;
            indexes.Add(text, strings.Count);
            strings.Add(text);
            return strings.Count - 1;
        }

        var (service, name, resource, parent, flags) = (new int[count], new int[count], new int[count], new int[count], new int[count]);
        var (start, dur, self) = (new long[count], new long[count], new long[count]);
        var host = new int[count];
        var events = new List<long>();
        var repeated = RepeatedCalls.Find(tree).SelectMany(call => call.Spans).Select(node => node.Index).ToHashSet();
        for (var i = 0; i < count; i++)
        {
            var node = nodes[i];
            service[i] = Index(node.IsGap ? "missing" : node.Service);
            name[i] = Index(node.IsGap ? "not stored" : shown(node.Name));
            resource[i] = Index(node.IsGap ? "not stored" : node.FoldedCount > 0 ? $"{Figure.Whole(node.FoldedCount)} × {shown(node.Resource)}" : shown(node.Resource));
            parent[i] = node.ParentIndex;
            start[i] = Micros(node.StartUnixNanos - tree.StartUnixNanos);
            dur[i] = Micros(node.DurationNanos);
            self[i] = Micros(node.SelfNanos);
            flags[i] = (node.IsError ? 1 : 0) | (node.IsGap ? 2 : 0) | (node.IsOnCriticalPath ? 4 : 0) | (repeated.Contains(i) ? 8 : 0);
            host[i] = node.IsGap ? service[i] : Index(node.Host);
            if (node.TagOf(TagNames.SpanEvents) is { } text) AddEvents(events, i, text, tree.StartUnixNanos - node.ClockOffsetNanos);
        }
        return new TraceSkeleton
        {
            Count = count, Strings = strings, Service = service, Name = name, Resource = resource, Parent = parent, Start = start, Dur = dur, Self = self, Flags = flags, Host = host,
            Lane = withLanes ? FlameLanes.Of(tree) : null,
            TotalUs = Math.Max(1, Micros(tree.DurationNanos)),
            Colors = service.Distinct().ToDictionary(index => index, index => strings[index] == "missing" ? "no-data" : colorOf(strings[index])),
            Events = events,
            Scanned = tree.SpanCount,
            Complete = tree.SpanCount < TraceLookup.MaxSpans,
        };
    }

    static void AddEvents(List<long> events, int span, string json, long traceStartUnixNanos)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return;
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("time_unix_nano", out var time)) continue;
                if (!long.TryParse(time.ToString(), out var nanos)) continue;
                events.Add(span);
                events.Add(Micros(nanos - traceStartUnixNanos));
            }
        }
        catch (JsonException)
        {
            // What is no JSON cannot be placed in time; the panel shows it as it came.
        }
    }

    /// <summary>Rounded up to 1 for what is not nothing, so that it stays visible.</summary>
    static long Micros(long nanos) => nanos is > 0 and < 1000 ? 1 : nanos / 1000;
}
