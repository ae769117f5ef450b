using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Deployments;
using Apm.Query.Errors;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Home;

/// <summary>The first page.</summary>
public partial class HomePage
{
    [Inject] ServiceQueries Queries { get; set; } = null!;
    [Inject] TraceSearch Search { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;
    [Inject] IssueQueries Issues { get; set; } = null!;
    [Inject] DeploymentQueries Deployments { get; set; } = null!;
    [Inject] ILedgerReader Ledger { get; set; } = null!;
    [Inject] TutorialBook Lessons { get; set; } = null!;
    [Inject] IServiceProvider Services { get; set; } = null!;
    /// <summary>Problems shown.</summary>
    const int MaxProblems = 10;

    HomeView? View;

    /// <summary>Those of the time shown, newest first.</summary>
    IReadOnlyList<Problem> Problems = [];

    /// <summary>How traces are sampled; null while all are kept.</summary>
    string? Thinning;
    string? Failed;

    /// <summary>The checklist of what may be tried; null when it cannot be read.</summary>
    TutorialView? Learning;

    string DeployLink(string service, Deployment deployment) => State.Link("/services/" + PageUrl.Segment(service),
        ("tab", "deployments"), ("deploy", (deployment.FirstSeenUnixNanos / UnixTime.NanosPerMillisecond).ToString(CultureInfo.InvariantCulture)));

    string DeployTitle(Deployment deployment) =>
        $"{State.TimeExact(deployment.FirstSeenUnixNanos)}, before it {deployment.PreviousVersion}{(deployment.Env.Length > 0 ? $", env {deployment.Env}" : "")}";

    /// <summary>A page that tells what goes wrong is not to go without it for a list that cannot be kept just now.</summary>
    TutorialView? ReadLessons()
    {
        try
        {
            return Lessons.Read();
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            Problems = [.. (Services.GetService<RecentProblems>()?.ReadAll() ?? []).Where(problem => State.Window.Range.Contains(problem.LastUnixNanos))];
            if (Services.GetService<ISamplingReader>()?.Sampling() is { Mode: not "keep_all" } sampling) Thinning = sampling.Sentence;
            Learning = ReadLessons();
            var facts = Traces.Facts();
            if (facts.SpanCount == 0) return;
            var services = Queries.Services(State.Window.Range, State.Env);
            View = HomeView.Of(State, services, facts, Newest(TraceFilter.Empty, 8), Issues.List(State.Window.Range, State.Env), Deployments.Newest(State.Env, HomeView.ListedDeploys), Ledger.ReadLedger(State.Window.Range, null, LedgerPage.WidthFor(State.Window.Range)));
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }

        IReadOnlyList<TraceSummary> Newest(TraceFilter filter, int count) =>
            Search.Search(new TraceSearchRequest { Range = State.Window.Range, Filter = TraceQuery.Complete(filter, State.Url), Limit = count }, cancel).Traces;
    }
}
