using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Query.Compare;
using Apm.Query.Fates;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Compare;

/// <summary>A trace against another, or against traces of its endpoint. Its state is the address: <c>a, b, sort</c>.</summary>
public partial class ComparePage
{
    [Inject] TraceLookup Lookup { get; set; } = null!;
    [Inject] CompareQuery Query { get; set; } = null!;
    [Inject] TraceFates Fates { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    CompareView? View;
    string? Failed;
    string EmptySays = "";
    string? EmptyEvidence;
    TraceTree? Left;

    protected override void OnInitialized()
    {
        try
        {
            var cancel = Context?.RequestAborted ?? default;
            if (Read("a", cancel) is not { } left) return;
            Left = left;
            CompareSide? side = WithOf(State.Url["b"]) is { } with ? Query.Find(left, with, cancel)
                : Read("b", cancel) is { } right ? new CompareSide([right], "The other trace", $"{right.Root.Service} {(right.Root.Resource.Length > 0 ? right.Root.Resource : right.Root.Name)}") : null;
            if (side is null) return;
            if (side.Traces.Count > 0) View = CompareView.Of(State, left, side);
            else NotFound("There is nothing to compare it with.", side.Says);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    /// <summary>What a word in the address stands for; null for a trace id.</summary>
    static CompareWith? WithOf(string? text) => text switch
    {
        "median" => CompareWith.Median,
        "last-version" => CompareWith.LastVersion,
        "last-success" => CompareWith.LastSuccess,
        _ => null,
    };

    TraceTree? Read(string name, CancellationToken cancel)
    {
        var text = State.Url[name];
        if (text is null)
        {
            NotFound(name == "a" ? "Which trace?" : "Compare it with what?", name == "a" ? "The address names none: a is a trace's id, b another's, or median, last-version or last-success." : "b is a trace's id, or median, last-version or last-success.");
            return null;
        }
        var ids = TraceId.Readings(text);
        if (ids.Count == 0)
        {
            NotFound($"“{text}” is no trace id.", name == "a" ? "A trace id is 32 hex digits, or 16 for tracers with 64-bit ids." : "b is 32 or 16 hex digits, or one of median, last-version and last-success.");
            return null;
        }
        foreach (var id in ids) if (Lookup.Read(id, cancel) is { } tree) return tree;
        var fate = Fates.Find(text, cancel);
        NotFound($"No span of trace {ids[0]} is stored.", fate is null ? null : string.Join(' ', fate.Sentences(State.TimeExact)));
        return null;
    }

    void NotFound(string says, string? evidence)
    {
        (EmptySays, EmptyEvidence) = (says, evidence);
        Answers.NotFound(Context);
    }
}
