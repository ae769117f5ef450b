using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Services;

namespace Apm.ApmUi.Frame;

/// <summary>Whether anything a page could show has changed, cheaply: pages ask every two seconds.</summary>
public sealed class Pulse(ITraceReader traces, ServiceCatalogue catalogue)
{
    /// <summary>What is there now. Reads totals only, no span.</summary>
    public PulseVersion Now()
    {
        var facts = traces.Facts();
        var (count, waiting) = (0, 0);
        foreach (var process in catalogue.Processes())
        {
            count++;
            if (process.SpanCount == 0) waiting += 1 + process.Routes.Count;
        }
        return new PulseVersion(string.Create(CultureInfo.InvariantCulture, $"{facts.SpanCount}-{facts.NewestStartUnixNanos ?? 0}-{count}-{waiting}"), facts.SpanCount);
    }
}

/// <summary>A state of what is stored.</summary>
/// <param name="Text">Another text means that something changed.</param>
/// <param name="SpanCount">Spans stored and waiting.</param>
public sealed record PulseVersion(string Text, long SpanCount);
