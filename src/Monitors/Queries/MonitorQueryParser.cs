using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>Reads what monitors ask, by their type (metrics-monitors §6.1). Each kind has a reader of its own beside this one.</summary>
public static class MonitorQueryParser
{
    /// <summary>Longest query, in characters; default 8192. A longer one is refused.</summary>
    public const int MaxTextLength = 8_192;

    /// <exception cref="MonitorQueryException">The text is no such query; says where and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static MonitorQuery Parse(string type, string text)
    {
        if (text.Length > MaxTextLength) throw new MonitorQueryException($"The query has {text.Length} characters; at most {MaxTextLength} are read.", new TextRange(MaxTextLength, text.Length - MaxTextLength));
        var reader = new MonitorTextReader(text);
        return type switch
        {
            MonitorTypes.Metric or MonitorTypes.Query => MetricQueryReader.Read(reader),
            MonitorTypes.ServiceCheck => ServiceCheckQueryReader.Read(reader),
            MonitorTypes.Event or MonitorTypes.OldEvent => SearchQueryReader.Read(reader, SearchMonitorQuery.Events),
            MonitorTypes.Spans => SearchQueryReader.Read(reader, SearchMonitorQuery.Spans),
            MonitorTypes.Composite => CompositeQueryReader.Read(reader),
            MonitorTypes.Slo => SloQueryReader.Read(reader),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Ask MonitorTypes first."),
        };
    }
}
