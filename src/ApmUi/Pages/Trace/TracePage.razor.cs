using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Query.Fates;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>One trace. Its state is the address: <c>view, span, find, group</c>.</summary>
public partial class TracePage
{
    [Parameter] public string Id { get; set; } = "";
    [Inject] TraceLookup Lookup { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;
    [Inject] TraceFates Fates { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    TraceView? View;
    string? Failed;
    string NotFoundSays = "";
    string? NotFoundEvidence;

    bool Shows(string view) => (State.Url["view"] is "list" or "map" ? State.Url["view"] : "waterfall") == view;

    protected override void OnInitialized()
    {
        try
        {
            if (!TraceId.TryParse(Id, out var id, allowDecimal: true))
            {
                NotFound($"“{Id}” is no trace id.", "A trace id is 32 hex digits, or 16 for tracers with 64-bit ids.");
                return;
            }
            if (Lookup.Read(id, Context?.RequestAborted ?? default) is { } tree)
            {
                View = TraceView.Of(State, tree);
                return;
            }
            var facts = Traces.Facts();
            var fate = Fates.Find(Id, Context?.RequestAborted ?? default);
            var why = fate is null ? "" : string.Join(' ', fate.Sentences(State.TimeExact)) + " ";
            NotFound($"No span of trace {id} is stored.", why + (facts.OldestStartUnixNanos is { } oldest
                ? $"Stored are {Figure.Of(facts.SpanCount, "span")} since {State.TimeExact(oldest)}. A trace appears within a second of its first span."
                : "Nothing is stored yet."));
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    void NotFound(string says, string evidence)
    {
        (NotFoundSays, NotFoundEvidence) = (says, evidence);
        Answers.NotFound(Context);
    }
}
