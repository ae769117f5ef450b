using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Makes the framework create activities, and turns finished ones into spans; except the two kinds whose facts are not
/// on the activity: requests that came in and went out are encoded by <see cref="AspNetCoreObserver"/> and
/// <see cref="HttpClientObserver"/>.
/// </summary>
internal sealed class ActivityCapture : IDisposable
{
    /// <summary>Operation name of a request that came in.</summary>
    public const string RequestIn = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    /// <summary>Operation name of a request that went out.</summary>
    public const string RequestOut = "System.Net.Http.HttpRequestOut";

    readonly SpanSink _sink;
    readonly ActivityEncoder _encoder;
    readonly ActivityListener _listener;

    /// <summary>Begins listening.</summary>
    public ActivityCapture(SpanSink sink, SourceSelection filter)
    {
        _sink = sink;
        _encoder = new ActivityEncoder(sink.Writer);
        _listener = new ActivityListener
        {
            ShouldListenTo = source => filter.Takes(source.Name),
            Sample = Sample,
            SampleUsingParentId = static (ref ActivityCreationOptions<string> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = OnStopped,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    // Spans of a trace that the caller dropped are still sent, for the numbers; only the flag that travels on stays unset.
    static ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options) =>
        options.Parent.TraceId != default && (options.Parent.TraceFlags & ActivityTraceFlags.Recorded) == 0
            ? ActivitySamplingResult.AllData
            : ActivitySamplingResult.AllDataAndRecorded;

    void OnStopped(Activity activity)
    {
        try
        {
            if (activity.OperationName is RequestIn or RequestOut && activity.Source.Name is SourceSelection.AspNetCore or SourceSelection.HttpClient) return;
            if (!_sink.TryIdentify(activity, out var who)) return;
            var buffer = SpanSink.Buffer();
            _encoder.Encode(buffer, activity, who);
            _sink.Accept(buffer, who);
        }
        catch (Exception problem)
        {
            HookLog.Problem("encoding an activity", problem);
        }
    }
}
