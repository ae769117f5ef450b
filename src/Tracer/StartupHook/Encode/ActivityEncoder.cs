using System.Diagnostics;

namespace Apm.StartupHook.Encode;

/// <summary>Encodes an activity of any source: the app's own spans, databases, queues, gRPC.</summary>
internal sealed class ActivityEncoder(SpanWriter writer)
{
    static readonly byte[] KeyComponent = MsgPackKey.Of("component");

    // By ActivityKind.
    static readonly byte[][] s_kindTags = [.. ((string[])["internal", "server", "client", "producer", "consumer"]).Select(kind => MsgPackKey.Block([new("span.kind", kind)]))];

    /// <summary>Writes one span.</summary>
    public void Encode(MsgPackBuffer to, Activity activity, in SpanIdentity who)
    {
        var shape = ActivityShape.Of(activity);
        var events = ActivityEvents.Of(activity);
        var isError = activity.Status == ActivityStatusCode.Error || shape.IsError;
        var links = ActivityEvents.CountLinks(activity);
        var extraKeys = (links > 0 ? 1 : 0) + (events.Others > 0 ? 1 : 0);

        writer.Begin(to, activity, who, shape.NameBytes, shape.TypeBytes, isError, extraKeys, shape.Service);
        to.Text(shape.Resource);

        var count = writer.BeginMeta(to, who, out var mark);
        to.Raw(s_kindTags[(int)activity.Kind]);
        to.Raw(KeyComponent);
        to.Text(activity.Source.Name);
        count += 2;
        count += TagWriter.WriteTexts(to, activity);
        if (isError)
        {
            // A tag error.type of the activity is there already; in a map a key must not stand twice.
            var type = shape.HasErrorType ? null : events.ExceptionType;
            count += SpanWriter.WriteError(to, type, events.ExceptionMessage ?? activity.StatusDescription, events.ExceptionStack);
        }
        to.EndMap16(mark, count);

        count = writer.BeginMetrics(to, who, out mark);
        count += TagWriter.WriteNumbers(to, activity);
        to.EndMap16(mark, count);

        if (links > 0) ActivityEvents.WriteLinks(to, activity, links, []);
        if (events.Others > 0) ActivityEvents.WriteEvents(to, activity, events.Others);
    }
}
