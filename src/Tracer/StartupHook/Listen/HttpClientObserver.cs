using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Turns requests of HttpClient into spans, at the framework's own event for their end. The same code serves runtime 8,
/// where the activity has no tags, and later ones.
/// </summary>
internal sealed class HttpClientObserver(SpanSink sink, HookSettings settings) : IObserver<KeyValuePair<string, object?>>
{
    const string Stop = ActivityCapture.RequestOut + ".Stop";
    const string Failed = "System.Net.Http.Exception";

    static readonly PayloadReader<HttpRequestMessage> s_request = new("Request");
    static readonly PayloadReader<HttpResponseMessage> s_response = new("Response");
    static readonly PayloadReader<Exception> s_exception = new("Exception");

    readonly RequestErrors _errors = new();
    readonly ClientSpanEncoder _encoder = new(sink.Writer, settings);

    /// <summary>Which events the framework should take the trouble to make.</summary>
    public static bool IsWanted(string name, object? first, object? second) => name is ActivityCapture.RequestOut or Stop or Failed;

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> item)
    {
        try
        {
            if (item.Key == Stop) OnStop(item.Value);
            else if (item.Key == Failed && !sink.IsStopped) _errors.Remember(Activity.Current, s_exception.Read(item.Value));
        }
        catch (Exception problem)
        {
            HookLog.Problem("encoding an outgoing request", problem);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted() { }

    /// <inheritdoc/>
    public void OnError(Exception error) { }

    void OnStop(object? payload)
    {
        if (Activity.Current is not { } activity || s_request.Read(payload) is not { } request) return;
        if (!sink.TryIdentify(activity, out var who)) return;
        var buffer = SpanSink.Buffer();
        _encoder.Encode(buffer, activity, who, request, s_response.Read(payload), _errors.Take(activity));
        sink.Accept(buffer, who);
    }
}
