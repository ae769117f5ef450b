using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;
using Microsoft.AspNetCore.Http;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Turns requests that came in into spans, at the framework's own event for their end: there the route, the status and
/// the activity are all known, and the response is on its way.
/// </summary>
internal sealed class AspNetCoreObserver(SpanSink sink, HookSettings settings) : IObserver<KeyValuePair<string, object?>>
{
    const string Start = ActivityCapture.RequestIn + ".Start"; // Whoever does not want the start is not told of the end.
    const string Stop = ActivityCapture.RequestIn + ".Stop";
    const string Unhandled = "Microsoft.AspNetCore.Hosting.UnhandledException";
    const string ShownToDeveloper = "Microsoft.AspNetCore.Diagnostics.UnhandledException";
    const string Handled = "Microsoft.AspNetCore.Diagnostics.HandledException";

    static readonly PayloadReader<Exception> s_exception = new("exception");

    readonly RequestErrors _errors = new();
    readonly ServerSpanEncoder _encoder = new(sink.Writer, settings);

    /// <summary>Which events the framework should take the trouble to make.</summary>
    public static bool IsWanted(string name, object? first, object? second) =>
        name is ActivityCapture.RequestIn or Start or Stop or Unhandled or ShownToDeveloper or Handled;

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> item)
    {
        try
        {
            if (item.Key == Stop) OnStop(item.Value as HttpContext);
            else if (item.Key is Unhandled or ShownToDeveloper or Handled) _errors.Remember(RequestActivity(), s_exception.Read(item.Value));
        }
        catch (Exception problem)
        {
            HookLog.Problem("encoding a request", problem);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted() { }

    /// <inheritdoc/>
    public void OnError(Exception error) { }

    void OnStop(HttpContext? context)
    {
        if (context is null || Activity.Current is not { } activity) return;
        var error = _errors.Take(activity);
        if (!sink.TryIdentify(activity, out var who)) return;
        var buffer = SpanSink.Buffer();
        _encoder.Encode(buffer, activity, who, context, error);
        sink.Accept(buffer, who);
    }

    // An exception may come up while an activity of the app is still current.
    static Activity? RequestActivity()
    {
        var activity = Activity.Current;
        while (activity is not null && activity.OperationName != ActivityCapture.RequestIn) activity = activity.Parent;
        return activity;
    }
}
