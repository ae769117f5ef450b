using Apm.Core.Ports;
using Apm.Query.Errors;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>The issues of all services. Its state is the address: <c>tab, sort, q, service, seen</c> besides env and time.</summary>
public partial class ErrorsPage
{
    [Inject] IssueQueries Queries { get; set; } = null!;

    ErrorsView? View;
    string? Failed;

    string EmptySays =>
        State.Url["q"] is { } needle ? $"No error has “{needle}” in its type, message or frame."
        : View!.Tab switch
        {
            "regressed" => "No resolved error has come again.",
            "resolved" => "No error has been resolved.",
            "ignored" => "No error is ignored.",
            _ => State.Env is { } env ? $"Nothing failed in env {env} in this time." : "Nothing failed in this time.",
        };

    string? EmptyEvidence =>
        View!.UnseenCount > 0 ? $"{View.UnseenCount} {(View.UnseenCount == 1 ? "is" : "are")} known from another time."
        : View.Services.Count == 0 ? "Failed spans are grouped here by type, message and where in the code they arose, with all spans counted." : null;

    protected override void OnInitialized()
    {
        try
        {
            View = ErrorsView.Of(State, Queries.List(State.Window.Range, State.Env));
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
