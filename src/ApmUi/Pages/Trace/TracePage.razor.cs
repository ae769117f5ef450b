using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Frame;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Hosts;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Fates;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>One trace. Its state is the address: <c>view, span, find, group, sort, clock, zoom, color</c>.</summary>
public partial class TracePage
{
    [Parameter] public string Id { get; set; } = "";
    [Inject] TraceSource Source { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;
    [Inject] TraceFates Fates { get; set; } = null!;
    [Inject] HostCatalogue Hosts { get; set; } = null!;
    [Inject] ServiceCatalogue Services { get; set; } = null!;
    [Inject] Pulse Pulse { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    TraceView? View;
    string? Failed;
    string NotFoundSays = "";
    string? NotFoundEvidence;

    /// <summary>Null when the trace comes from the store.</summary>
    ImportedTrace? File;

    /// <summary>The trace may still grow; then the page is rendered anew when spans come in.</summary>
    bool IsLive => View is { IsArriving: true } && File is null;

    bool Shows(string view) => (State.Url["view"] is "flame" or "list" or "map" ? State.Url["view"] : "waterfall") == view;

    /// <summary>Where an island finds the trace, with the clocks that the page shows.</summary>
    string DataSource(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var url = new PageUrl($"/ui/data/trace/{PageUrl.Segment(Id)}", []).With("clock", View!.Tree.AlignedClocks.Count > 0 ? TraceSource.Aligned : null);
        if (IsLive) url = url.With("spans", View.Tree.SentSpanCount.ToString(CultureInfo.InvariantCulture)); // Another address, so that the island fetches what has come since.
        foreach (var (name, value) in parameters) url = url.With(name, value);
        return url.ToString();
    }

    string FileLink(string name) => new PageUrl($"/ui/trace/{PageUrl.Segment(Id)}/{name}", []).With("clock", View!.Tree.AlignedClocks.Count > 0 ? TraceSource.Aligned : null).ToString();

    protected override void OnInitialized()
    {
        try
        {
            File = Source.FileOf(Id);
            if (!TraceSource.IsId(Id))
            {
                NotFound($"“{Id}” is no trace id.", "A trace id is 32 hex digits, or 16 for tracers with 64-bit ids.");
                return;
            }
            if (Source.Read(Id, State.Url["clock"], Context?.RequestAborted ?? default) is { } tree)
            {
                View = TraceView.Of(State, tree, host => KnownHosts.Find(Hosts, Services, host) is not null);
                return;
            }
            if (TraceSource.IsOfFile(Id))
            {
                NotFound("This trace came from a file and is forgotten.", $"A file is remembered for {Figure.Duration(ImportedTraces.KeepFor.TotalNanoseconds)}, until Apm restarts, or until {ImportedTraces.MaxTraces} newer ones came.");
                return;
            }
            var facts = Traces.Facts();
            var fate = Fates.Find(Id, Context?.RequestAborted ?? default);
            var why = fate is null ? "" : string.Join(' ', fate.Sentences(State.TimeExact)) + " ";
            NotFound($"No span of trace {Id} is stored.", why + (facts.OldestStartUnixNanos is { } oldest
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
