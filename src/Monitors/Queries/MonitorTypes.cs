namespace Apm.Monitors.Queries;

/// <summary>The types of monitors that are evaluated, as the API spells them.</summary>
public static class MonitorTypes
{
    public const string Metric = "metric alert";
    public const string Query = "query alert";
    public const string ServiceCheck = "service check";
    public const string Event = "event-v2 alert";
    public const string OldEvent = "event alert";
    public const string Spans = "trace-analytics alert";
    public const string Composite = "composite";
    public const string Slo = "slo alert";

    public static IReadOnlyList<string> All { get; } = [Metric, Query, ServiceCheck, Event, OldEvent, Spans, Composite, Slo];

    /// <summary>As searches and counts call it: <c>metric</c>, <c>service check</c>, <c>event</c>, <c>trace-analytics</c>, <c>composite</c>, <c>slo</c>.</summary>
    public static string Classification(string type) => type switch
    {
        Metric or Query => "metric",
        Event or OldEvent => "event",
        Spans => "trace-analytics",
        Slo => "slo",
        _ => type,
    };
}
