using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Metrics;

/// <summary>All metrics, and a plot of a query. Its state is the address: <c>q, find</c> besides time.</summary>
public partial class MetricsPage
{
    [Inject] IMetricReader Reader { get; set; } = null!;

    MetricsView? View;
    string? Failed;

    /// <summary>Why the query cannot be read; null when it can, or there is none.</summary>
    QueryTextException? Wrong;

    static string TypeWord(MetricType type) => type switch { MetricType.Count => "count", MetricType.Rate => "rate", MetricType.Distribution => "distribution", _ => "gauge" };

    protected override void OnInitialized()
    {
        try
        {
            View = MetricsView.Of(State, Reader);
            if (View.Query.Length > 0) foreach (var node in MetricQueryParser.Parse(View.Query).Queries) QueryFunctions.Check(node);
        }
        catch (QueryTextException wrong)
        {
            Wrong = wrong;
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
