namespace Apm.Query.Filters;

/// <summary>What a condition looks at. The names in the text are in <see cref="FilterWords"/>.</summary>
public enum FilterField
{
    Service,
    Env,
    Operation,
    Resource,
    Type,
    Kind,
    Status,
    TraceId,
    SpanId,

    /// <summary>The parent's span id; zero for a root.</summary>
    ParentId,
    Duration,

    /// <summary>The tag <c>version</c>.</summary>
    Version,

    /// <summary>The host that the span is from: tag <c>_dd.hostname</c>, else <c>host.name</c>, else <c>host</c>.</summary>
    Host,

    /// <summary>Why the span was kept: words of <see cref="Core.Spans.SampleVerdicts.Word"/>.</summary>
    Kept,

    /// <summary>A yes/no fact: words of <see cref="FilterWords.Facts"/>.</summary>
    Is,

    /// <summary>A tag by its key, text or number.</summary>
    Tag,

    /// <summary>A piece of text anywhere: service, operation, resource, or the value of a text tag. Case does not matter.</summary>
    Text,

    /// <summary>Stored spans of the whole trace.</summary>
    TraceSpanCount,

    /// <summary>Failed spans of the whole trace.</summary>
    TraceErrorCount,

    /// <summary>Distinct services of the whole trace.</summary>
    TraceServiceCount,

    /// <summary>From the first start to the last end among the spans of the whole trace.</summary>
    TraceDuration,

    /// <summary>Service of the span that stands for the trace: without a parent before with one, then the earliest.</summary>
    RootService,
    RootOperation,
    RootResource,
}

/// <summary>Facts about fields.</summary>
public static class FilterFields
{
    /// <summary>The field is of the whole trace, not of one span.</summary>
    public static bool IsOfTrace(this FilterField field) => field >= FilterField.TraceSpanCount;

    /// <summary>Values are nanoseconds, written with a unit.</summary>
    public static bool IsDuration(this FilterField field) => field is FilterField.Duration or FilterField.TraceDuration;

    /// <summary>Values are whole counts.</summary>
    public static bool IsCount(this FilterField field) => field is FilterField.TraceSpanCount or FilterField.TraceErrorCount or FilterField.TraceServiceCount;
}
