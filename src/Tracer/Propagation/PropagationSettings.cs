namespace Apm.Tracer.Propagation;

/// <summary>The header formats that are understood.</summary>
internal enum PropagationStyle { Datadog, TraceContext }

/// <summary>What is done with a context that comes in.</summary>
internal enum ExtractBehavior
{
    /// <summary>The trace goes on.</summary>
    Continue,

    /// <summary>A new trace begins and links to the one that came.</summary>
    Restart,

    /// <summary>Nothing is read.</summary>
    Ignore,
}

/// <summary>Which headers are read and written, from the <c>DD_TRACE_PROPAGATION_*</c> variables.</summary>
internal sealed class PropagationSettings
{
    static readonly PropagationStyle[] BothStyles = [PropagationStyle.Datadog, PropagationStyle.TraceContext];

    /// <summary>Formats to read, in order; the first valid one leads.</summary>
    public IReadOnlyList<PropagationStyle> Extract { get; init; } = BothStyles;

    /// <summary>Formats to write.</summary>
    public IReadOnlyList<PropagationStyle> Inject { get; init; } = BothStyles;

    /// <summary>Stop at the first valid context; default false.</summary>
    public bool ExtractFirst { get; init; }

    /// <summary>What a context that comes in means; default <see cref="ExtractBehavior.Continue"/>.</summary>
    public ExtractBehavior Behavior { get; init; }

    /// <summary>Longest <c>x-datadog-tags</c> in characters, read or written; default 512, 0 turns the header off.</summary>
    public int MaxTagsLength { get; init; } = 512;

    /// <summary>Reads the settings; a value that makes no sense counts as not set.</summary>
    public static PropagationSettings FromEnvironment(Func<string, string?> read)
    {
        var common = read("DD_TRACE_PROPAGATION_STYLE") ?? read("OTEL_PROPAGATORS");
        return new PropagationSettings
        {
            Extract = Styles(read("DD_TRACE_PROPAGATION_STYLE_EXTRACT") ?? common),
            Inject = Styles(read("DD_TRACE_PROPAGATION_STYLE_INJECT") ?? common),
            ExtractFirst = read("DD_TRACE_PROPAGATION_EXTRACT_FIRST") is { } first
                && (first == "1" || first.Equals("true", StringComparison.OrdinalIgnoreCase)),
            Behavior = read("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT")?.Trim().ToLowerInvariant() switch
            {
                "restart" => ExtractBehavior.Restart,
                "ignore" => ExtractBehavior.Ignore,
                _ => ExtractBehavior.Continue,
            },
            MaxTagsLength = int.TryParse(read("DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH"), out var length) && length >= 0 ? length : 512,
        };
    }

    static IReadOnlyList<PropagationStyle> Styles(string? list)
    {
        if (string.IsNullOrWhiteSpace(list)) return BothStyles;
        var styles = new List<PropagationStyle>();
        var sawOther = false;
        foreach (var word in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Equals("datadog", StringComparison.OrdinalIgnoreCase)) styles.Add(PropagationStyle.Datadog);
            else if (word.Equals("tracecontext", StringComparison.OrdinalIgnoreCase)) styles.Add(PropagationStyle.TraceContext);
            else if (word.Equals("none", StringComparison.OrdinalIgnoreCase)) sawOther = true;
        }
        // A list of nothing but words we do not know is a mistake, not a wish for silence; "none" is the wish.
        return styles.Count == 0 && !sawOther ? BothStyles : styles;
    }
}
