using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.TraceFiles;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>One span in the panel: the error first, then what it is, its attributes, events and links. Immutable.</summary>
public sealed record SpanView
{
    /// <summary>Longer values are folded.</summary>
    public const int FoldedFrom = 1000;

    /// <summary>Attributes that stand first, when they are there.</summary>
    static readonly string[] Pinned =
    [
        TagNames.HttpMethod, TagNames.HttpUrl, TagNames.HttpRoute, TagNames.HttpStatusCode, "db.system", "db.statement", "sql.query", "db.name", "peer.service", "out.host",
        "messaging.destination", "rpc.method", "http.useragent", TagNames.Component, TagNames.Version, TagNames.Language,
    ];

    static readonly HashSet<string> Shown = [TagNames.ErrorMessage, TagNames.ErrorMsg, TagNames.ErrorType, TagNames.ErrorStack, TagNames.SpanLinks, TagNames.SpanEvents];

    public required TraceNode Node { get; init; }
    public required string Title { get; init; }
    public required IReadOnlyList<(string Name, string Value, string? Title)> Overview { get; init; }
    public required IReadOnlyList<AttributeView> Attributes { get; init; }

    /// <summary>Null when the span did not fail.</summary>
    public ErrorView? Error { get; init; }
    public required IReadOnlyList<EventView> Events { get; init; }
    public required IReadOnlyList<LinkView> Links { get; init; }

    /// <summary>The span as JSON, indented; "" for a gap.</summary>
    public required string Json { get; init; }
    public required string EndpointLink { get; init; }
    public required string SimilarLink { get; init; }

    /// <summary>The page of its host; null when it names none, or one that is not known.</summary>
    public required string? HostLink { get; init; }

    /// <summary>Begins a monitor of its service and resource.</summary>
    public required string MonitorLink { get; init; }

    /// <summary>This page with this span by its id, which a place among the spans does not survive when the trace grows or is sent anew.</summary>
    public required string Permalink { get; init; }

    /// <summary>The panel of one span.</summary>
    /// <param name="isKnownHost">Whether a host of that name has a page: a span may name one of which nothing else is known.</param>
    public static SpanView Of(PageState state, TraceTree tree, TraceNode node, Func<string, bool> isKnownHost)
    {
        var span = node.ReadSpan();
        return new SpanView
        {
            Node = node,
            Title = TraceView.TitleOf(node),
            Overview = OverviewOf(state, tree, node),
            Attributes = span is null ? [] : AttributesOf(state, span),
            Error = span is { IsError: true } ? ErrorOf(span) : null,
            Events = span is null ? [] : EventsOf(span),
            Links = span is null ? [] : LinksOf(state, span),
            Json = span is null ? "" : JsonOf(span),
            EndpointLink = state.EndpointLink(node.Service, node.Name, node.Resource),
            HostLink = node.IsGap || node.Host.Length == 0 || node.Host == node.Service || !isKnownHost(node.Host) ? null : state.Link("/hosts/" + PageUrl.Segment(node.Host)),
            MonitorLink = state.Link("/monitors/new", ("service", node.Service), ("name", node.Name), ("resource", node.Resource)),
            Permalink = state.Here(("span", node.SpanId.ToString())),
            SimilarLink = state.TracesLink(TraceFilter.Empty.With("service", node.Service).With("resource", node.Resource).ToString()),
        };
    }

    static List<(string, string, string?)> OverviewOf(PageState state, TraceTree tree, TraceNode node)
    {
        if (node.IsGap) return [("span id", node.SpanId.ToString(), "Named as the parent by its children, but not stored.")];
        var total = Math.Max(1.0, tree.DurationNanos);
        var lines = new List<(string, string, string?)>
        {
            ("operation", node.Name, null),
            ("duration", $"{Figure.Duration(node.DurationNanos)}  ·  {Figure.Percent(node.DurationNanos / total)} of the trace", Figure.DurationExact(node.DurationNanos)),
            ("own time", $"{Figure.Duration(node.SelfNanos)}  ·  {Figure.Percent(node.SelfNanos / total)} of the trace", "Time in which none of its children ran"),
            ("starts", $"+{Figure.Duration(node.StartUnixNanos - tree.StartUnixNanos)}  ·  {state.TimeExact(node.StartUnixNanos)}", null),
        };
        if (node.ClockOffsetNanos != 0) lines.Add(("clock moved", $"{(node.ClockOffsetNanos > 0 ? "+" : "−")}{Figure.Duration(Math.Abs(node.ClockOffsetNanos))}  ·  sent as {state.TimeExact(node.StartUnixNanos - node.ClockOffsetNanos)}", "The clock of its host disagrees with that of the root's"));
        if (node.Host != node.Service) lines.Add(("host", node.Host, null));
        if (node.Kind != SpanKind.Unspecified) lines.Add(("kind", node.Kind.ToString().ToLowerInvariant(), null));
        if (node.Type.Length > 0) lines.Add(("type", node.Type, null));
        lines.Add(("kept", node.Flags.Verdict().Word(), "Why it is stored; search with kept:" + node.Flags.Verdict().Word()));
        lines.Add(("span id", node.SpanId.ToString(), null));
        if (!node.ParentId.IsNone) lines.Add(("parent id", node.ParentId.ToString(), null));
        return lines;
    }

    static IReadOnlyList<AttributeView> AttributesOf(PageState state, Span span)
    {
        var all = span.Tags.Where(tag => !Shown.Contains(tag.Key)).Select(tag => (tag.Key, tag.Value))
            .Concat(span.Numbers.Select(number => (number.Key, Value: number.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture))))
            .OrderBy(tag => Array.IndexOf(Pinned, tag.Key) is var at && at < 0 ? Pinned.Length + (tag.Key.StartsWith('_') ? 1 : 0) : at)
            .ThenBy(tag => tag.Key, StringComparer.Ordinal);
        return [.. all.Select(tag => new AttributeView(tag.Key, tag.Value, QueryLink(state, tag.Key, tag.Value, false), QueryLink(state, tag.Key, tag.Value, true), tag.Key.StartsWith('_')))];
    }

    static string? QueryLink(PageState state, string key, string value, bool negated) =>
        value.Length is > 0 and <= 200 ? state.TracesLink(TraceFilter.Empty.With("@" + key, value, negated).ToString()) : null;

    /// <summary>What a failed span says of its failure.</summary>
    public static ErrorView ErrorOf(Span span) => new(
        span.Tag(TagNames.ErrorType) ?? "",
        span.Tag(TagNames.ErrorMessage) ?? span.Tag(TagNames.ErrorMsg) ?? (span.Tag(TagNames.HttpStatusCode) is { } code ? $"HTTP status {code}" : "The span is marked as failed; it says no more."),
        span.Tag(TagNames.ErrorStack) ?? "");

    static IReadOnlyList<EventView> EventsOf(Span span) =>
        [.. Items(span, TagNames.SpanEvents).Select(item => new EventView(
            item["name"]?.ToString() ?? "event",
            item["time_unix_nano"] is JsonValue time && long.TryParse(time.ToString(), out var nanos) ? nanos - span.StartUnixNanos : null,
            [.. (item["attributes"] as JsonObject ?? []).Select(pair => (pair.Key, pair.Value?.ToString() ?? ""))]))];

    static IReadOnlyList<LinkView> LinksOf(PageState state, Span span) =>
        [.. Items(span, TagNames.SpanLinks).Select(item => (Trace: item["trace_id"]?.ToString() ?? "", Span: item["span_id"]?.ToString() ?? "", Says: string.Join(", ", (item["attributes"] as JsonObject ?? []).Select(pair => $"{pair.Key} {pair.Value}"))))
            .Where(link => link.Trace.Length > 0)
            .Select(link => new LinkView(link.Trace, link.Span, state.Link("/traces/" + PageUrl.Segment(link.Trace), ("span", link.Span)), link.Says))];

    /// <summary>The objects of a JSON array in a tag; none when it is no such thing.</summary>
    static IEnumerable<JsonObject> Items(Span span, string key)
    {
        if (!span.Tags.TryGetValue(key, out var text)) return [];
        try
        {
            return JsonNode.Parse(text) is JsonArray array ? array.OfType<JsonObject>() : [];
        }
        catch (JsonException)
        {
            return []; // Then it stands as it came in the raw JSON below.
        }
    }

    /// <summary>As a trace file has it (docs/formats/trace-file.md), but nothing masked: who sees the page sees the values beside it.</summary>
    static string JsonOf(Span span)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            TraceFile.WriteSpan(json, span, isMasked: false);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}

/// <summary>What failed. Texts are "" when the span does not say.</summary>
public sealed record ErrorView(string Type, string Message, string Stack);

/// <summary>One attribute.</summary>
/// <param name="IncludeLink">Traces with this value; null when the value is no good for a search.</param>
/// <param name="ExcludeLink">Traces without it.</param>
/// <param name="IsInternal">For the tracers' own use.</param>
public sealed record AttributeView(string Key, string Value, string? IncludeLink, string? ExcludeLink, bool IsInternal);

/// <summary>Something that happened within a span.</summary>
/// <param name="OffsetNanos">Since the span's start; null when unknown.</param>
public sealed record EventView(string Name, long? OffsetNanos, IReadOnlyList<(string Key, string Value)> Attributes);

/// <summary>Another span that this one is tied to.</summary>
/// <param name="Attributes">What is said of the tie; "" when nothing is.</param>
public sealed record LinkView(string TraceId, string SpanId, string Link, string Attributes);
