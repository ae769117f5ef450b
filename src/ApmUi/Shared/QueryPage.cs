using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Shared;

/// <summary>
/// A page whose query may take long. When it does, frame and title are sent at once and the content when it is there; a quick one is
/// answered whole. A page that is shown already and asked for anew is always answered whole, so that it does not flicker.
/// </summary>
/// <remarks>The page puts its content into <see cref="Arriving"/>. What it shows besides must not need what <see cref="Load"/> finds.</remarks>
public abstract class QueryPage : ComponentBase
{
    /// <summary>How long an answer is held back for its content; default 150 ms. Until then a status such as 404 can still be told.</summary>
    public static readonly TimeSpan FrameAfter = TimeSpan.FromMilliseconds(150);

    [Inject] TimeProvider Clock { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    /// <summary>The query; null while the answer is held back for it.</summary>
    protected Task? Loading { get; private set; }

    /// <summary>Reads what is quickly known, such as what of the address cannot be used or is not there.</summary>
    /// <returns>False when there is nothing left to load.</returns>
    protected virtual bool Prepare() => true;

    /// <summary>Does the query, on a thread of its own: it works without pause, and a pool whose threads are taken lets what comes in wait.</summary>
    protected abstract void Load(CancellationToken cancel);

    protected sealed override async Task OnInitializedAsync()
    {
        var cancel = Context?.RequestAborted ?? default;
        var loading = !Prepare() ? Task.CompletedTask : Task.Factory.StartNew(() => Load(cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (IsShownAlready) await loading;
        else await Task.WhenAny(loading, Task.Delay(FrameAfter, Clock, cancel));
        if (loading.IsCompleted) await loading; // What went wrong stops the page as it would elsewhere.
        Loading = loading;
    }

    /// <summary>The script of the page asks so, when it puts the answer in place of what is shown.</summary>
    bool IsShownAlready => Context is null || Context.Request.Headers.Accept.ToString().Contains("blazor-enhanced-nav=on", StringComparison.Ordinal);
}
