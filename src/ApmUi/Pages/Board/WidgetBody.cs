using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.Query.Text;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Board;

/// <summary>A widget that the server draws: it asks while the page is made, beside the others, and says in its own place what goes wrong.</summary>
public abstract class WidgetBody : ComponentBase
{
    [Parameter, EditorRequired] public WidgetContent Content { get; set; } = null!;

    /// <summary>Why it cannot be shown; null when it can.</summary>
    protected string? Failed { get; private set; }

    /// <summary>Reads what is shown. Runs beside other widgets, on a thread of its own.</summary>
    protected abstract void Read();

    protected override Task OnParametersSetAsync() => Task.Run(() =>
    {
        Failed = null;
        try
        {
            Read();
        }
        catch (Exception problem) when (problem is QueryTextException or QueryLimitException or StoreUnavailableException)
        {
            Failed = problem.Message;
        }
    });
}
