using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Errors;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>One issue. Its state is the address: env and time.</summary>
public partial class IssuePage
{
    [Parameter] public string Id { get; set; } = "";
    [Inject] IErrorIssues Issues { get; set; } = null!;
    [Inject] IssueQueries Queries { get; set; } = null!;

    ErrorIssue? Issue;
    IssueRow? Row;
    IssueText? Text;
    IssueExamples Examples = IssueExamples.None;
    string? Failed;

    /// <summary>The newest stored one, else the first that ever came.</summary>
    Span? Example => Examples.Spans.Count > 0 ? Examples.Spans[0] : null;

    string Message => Example is { } span ? span.Tag(TagNames.ErrorMessage) ?? span.Tag(TagNames.ErrorMsg) ?? "" : Text?.Message ?? "";
    string Stack => Example is { } span ? span.Tag(TagNames.ErrorStack) ?? "" : Text?.Stack ?? "";
    string ExampleWords => Example is { } span ? $"the newest stored, {Figure.Ago(span.StartUnixNanos, State.NowUnixNanos)}" : "the first that came, kept apart from traces";

    string? ExampleLink =>
        Example is { } span ? State.Link($"/traces/{span.TraceId}", ("span", span.Id.ToString()))
        : Issue!.Totals.Newest is { } newest ? State.Link($"/traces/{newest.TraceId}", ("span", newest.SpanId.ToString()))
        : null;

    string NoExamples => Row is { Count: > 0 } ? "None of its traces of this time is stored." : "It was not seen in this time.";
    string NotFoundSays => IssueId.TryParse(Id, out _) ? $"There is no issue {Id}." : $"“{Id}” is no id of an issue.";
    string NotFoundEvidence => IssueId.TryParse(Id, out _) ? "It was never seen here, or it was silent for so long that it made room for others." : "An id has 16 hex digits.";

    protected override bool Prepare()
    {
        Issue = IssueId.TryParse(Id, out var id) ? Issues.Issue(id) : null;
        if (Issue is null) Answers.NotFound(Context);
        return Issue is not null;
    }

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            var id = Issue!.Id;
            var series = Queries.Series(id, State.Window.Range, State.Env, IssueQueries.SparkBuckets);
            Row = new IssueRow(Issue, (long)series.CountsByVersion.Values.Sum(counts => counts.Sum()), []);
            Examples = Queries.Examples(Issue, State.Window.Range, State.Env, cancel);
            Text = Issues.Text(id);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
