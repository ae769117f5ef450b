using Apm.Core.Ports;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Board;

/// <summary>One dashboard. Its state is the address: <c>tpl_var_NAME, events, full, view, version, tv, edit, widget</c> besides time.</summary>
public partial class DashboardPage
{
    [Parameter] public string Id { get; set; } = "";
    [Inject] ShownBoards Boards { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    BoardView? View;
    string? Failed;

    /// <summary>Without rail and bar, for a screen on the wall.</summary>
    bool IsTv => State.Url["tv"] is not null;

    /// <summary>It comes by itself, and is not kept.</summary>
    bool IsGiven => View?.Board.Version == 0;

    bool IsEdited => State.Url["edit"] is not null && !IsGiven && OldVersion is null;

    /// <summary>The earlier version that is shown; null for the present one.</summary>
    int? OldVersion => View is { } view && State.Url["version"] is { } asked && Boards.Find(Id)?.Version != view.Board.Version && int.TryParse(asked, out _) ? view.Board.Version : null;

    protected override void OnParametersSet()
    {
        try
        {
            if (Boards.Find(Id, State.Url["version"]) is { } board) View = BoardView.Of(board, State.Url);
            else Links.Answers.NotFound(Context);
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }
}
