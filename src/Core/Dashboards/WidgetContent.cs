namespace Apm.Core.Dashboards;

/// <summary>How a widget is drawn.</summary>
public enum WidgetKind
{
    /// <summary>Not drawn here; a placeholder says what it is, and its JSON is kept.</summary>
    Unknown,
    Timeseries,
    QueryValue,
    Toplist,
    Table,
    Heatmap,

    /// <summary>How many values lie where, over the whole time.</summary>
    Distribution,

    /// <summary>Hosts as hexagons, coloured by a value.</summary>
    HostMap,

    /// <summary>Groups as points: one query across, another up.</summary>
    Scatter,

    /// <summary>What a service check says.</summary>
    CheckStatus,

    /// <summary>Objectives with what is left of their budgets.</summary>
    Objectives,
    Note,
    ServiceSummary,
    TraceList,
    MonitorState,
    EventList,

    /// <summary>A frame around others.</summary>
    Group,
}

/// <summary>What a widget's definition means. What it says besides stands in <see cref="Notes"/>.</summary>
public sealed record WidgetContent
{
    public required WidgetKind Kind { get; init; }

    /// <summary>As it is written: <c>timeseries</c>.</summary>
    public required string Type { get; init; }

    /// <summary>"" when it has none.</summary>
    public string Title { get; init; } = "";

    public IReadOnlyList<WidgetRequest> Requests { get; init; } = [];

    public IReadOnlyList<WidgetMarker> Markers { get; init; } = [];

    /// <summary>Searches of events to draw over a time series; <c>*</c> for all.</summary>
    public IReadOnlyList<string> EventQueries { get; init; } = [];

    /// <summary>Markdown of a note.</summary>
    public string Text { get; init; } = "";

    /// <summary>What a list shows: a search of traces, events or monitors; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Of a check's status: its name; of an objective its id.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Tags that what is shown must have.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Of an objective the windows that are shown, in days; empty for all that it has a target over.</summary>
    public IReadOnlyList<int> WindowDays { get; init; } = [];

    /// <summary>Whether an objective's budget is shown beside its share.</summary>
    public bool HasBudget { get; init; } = true;

    /// <summary>Whether an objective is shown as a whole.</summary>
    public bool HasWhole { get; init; } = true;

    /// <summary>Whether each part of an objective is shown: its groups, or its monitors.</summary>
    public bool HasParts { get; init; }

    /// <summary>Most rows of a list of objectives; null for all that are shown.</summary>
    public int? Limit { get; init; }

    /// <summary>Of a service summary.</summary>
    public string Service { get; init; } = "";

    /// <inheritdoc cref="Service"/>
    public string Env { get; init; } = "";

    /// <summary>Digits after the point of a value; null for as many as it needs.</summary>
    public int? Precision { get; init; }

    /// <summary>Stands beside a value in place of its own unit; "" for that.</summary>
    public string CustomUnit { get; init; } = "";

    /// <summary>Ends of the value axis; null when the values decide.</summary>
    public double? AxisMin { get; init; }

    /// <inheritdoc cref="AxisMin"/>
    public double? AxisMax { get; init; }

    /// <summary>The widgets of a group.</summary>
    public IReadOnlyList<Widget> Children { get; init; } = [];

    /// <summary>What was read otherwise than it is written, and what nothing is done with.</summary>
    public IReadOnlyList<WidgetNote> Notes { get; init; } = [];

    /// <summary>Every metric query that it draws.</summary>
    public IEnumerable<string> Queries => Requests.Select(request => request.Query);
}

/// <summary>One query of a widget, and how it is drawn.</summary>
/// <param name="Query">A metric query, or several with commas between.</param>
public sealed record WidgetRequest(string Query)
{
    /// <summary><c>line</c>, <c>area</c> or <c>bars</c>.</summary>
    public string Draw { get; init; } = "line";

    public bool IsDashed { get; init; }

    /// <summary><c>thin</c>, <c>normal</c> or <c>thick</c>.</summary>
    public string LineWidth { get; init; } = "normal";

    /// <summary>A name of a palette; "" for the usual colours.</summary>
    public string Palette { get; init; } = "";

    /// <summary>How points become one value: <c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c> or <c>last</c>.</summary>
    public string Aggregator { get; init; } = "avg";

    /// <summary>What the legend says in place of an expression, by the expression; the key "" stands for all.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>Most rows of a top list or table; null for all that are shown. Of other widgets the query itself keeps so many.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether the rows with the smallest values are shown, the smallest first.</summary>
    public bool IsAscending { get; init; }

    /// <summary>The first that holds colours the value.</summary>
    public IReadOnlyList<ValueFormat> Formats { get; init; } = [];
}

/// <summary>Colours a value when a comparison with another holds.</summary>
/// <param name="Comparator"><c>&gt;</c>, <c>&gt;=</c>, <c>&lt;</c>, <c>&lt;=</c> or <c>=</c>.</param>
/// <param name="Tone"><c>error</c>, <c>warn</c>, <c>ok</c> or <c>none</c>, the nearest that we have to its palette.</param>
public sealed record ValueFormat(string Comparator, double Value, string Tone)
{
    public bool Holds(double value) => Comparator switch
    {
        ">" => value > Value, ">=" => value >= Value, "<" => value < Value, "<=" => value <= Value, "=" or "==" => value == Value, _ => false,
    };
}

/// <summary>A line or a band across a time series.</summary>
/// <param name="From">Lower end; null when the band reaches to the bottom.</param>
/// <param name="To">Upper end, equal to <paramref name="From"/> for a line; null when it reaches to the top.</param>
/// <param name="Tone"><c>error</c>, <c>warn</c>, <c>ok</c> or <c>accent</c>.</param>
/// <param name="Label">At its right end; "" for none.</param>
public sealed record WidgetMarker(double? From, double? To, string Tone, string Label, bool IsDashed);

/// <summary>Something about a definition that whoever brought it should know.</summary>
/// <param name="Path">Where in the definition: <c>requests[0].log_query</c>.</param>
/// <param name="IsChanged">It was read otherwise than it is written; false when nothing is done with it. Kept and given back in both cases.</param>
public sealed record WidgetNote(string Path, bool IsChanged, string Sentence);
