using Apm.ApmUi.Links;
using Apm.Core.Services;
using Apm.Core.Views;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>Saved views as addresses, and the views that everybody has.</summary>
public static class SavedViewLinks
{
    /// <summary>What of an address a view keeps: the question, not where in its answer one is. A fixed time is not kept, as it would soon be empty.</summary>
    public static SavedView Of(PageUrl url, string name) => new()
    {
        Name = name,
        Query = url["q"] ?? "",
        Sort = url["sort"] ?? "",
        Min = url["min"] ?? "",
        Max = url["max"] ?? "",
        Facet = url["facet"] ?? "",
        Env = url["env"] ?? "",
        From = url["from"] is { } from && from.StartsWith("now-", StringComparison.OrdinalIgnoreCase) ? from : "",
    };

    /// <summary>This page with a view's question; what is not of it stays, such as the live tail.</summary>
    public static string Link(PageState state, SavedView view)
    {
        var url = state.Url.Without("limit", "count", "skip").With("q", view.Query).With("sort", view.Sort).With("min", view.Min).With("max", view.Max).With("facet", view.Facet);
        if (view.Env.Length > 0) url = url.With("env", view.Env);
        if (view.From.Length > 0) url = url.With("from", view.From).Without("to");
        return url.ToString();
    }

    /// <summary>Whether the page shows this question.</summary>
    public static bool IsShown(PageState state, SavedView view)
    {
        var here = Of(state.Url, view.Name);
        return here with { Env = view.Env.Length > 0 ? here.Env : "", From = view.From.Length > 0 ? here.From : "" } == view;
    }

    /// <summary>The views that are there before anybody saved one.</summary>
    public static IReadOnlyList<SavedView> Given(ServiceCatalogue catalogue)
    {
        List<SavedView> given =
        [
            new() { Name = "Errors", Query = "status:error" },
            new() { Name = "Server errors", Query = "@http.status_code:>=500" },
            new() { Name = "Slowest requests", Query = "is:root", Sort = "slowest" },
            new() { Name = "Largest traces", Sort = "spans" },
        ];
        var newest = catalogue.Services().SelectMany(service => service.Deployments.Select(deployment => (service.Name, Deployment: deployment)))
            .Where(pair => pair.Deployment.IsChange).OrderByDescending(pair => pair.Deployment.FirstSeenUnixNanos).FirstOrDefault();
        if (newest.Deployment is { } deployed)
            given.Add(new() { Name = $"Newest deploy: {newest.Name} {deployed.Version}", Query = Query.Filters.TraceFilter.Empty.With("service", newest.Name).With("version", deployed.Version).ToString() });
        return given;
    }
}
