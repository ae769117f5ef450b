using System.Diagnostics;
using System.Globalization;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>Encodes a request that went out: <c>http.request</c>. A status of 400 or more is an error of the call.</summary>
internal sealed class ClientSpanEncoder(SpanWriter writer, HookSettings settings)
{
    static readonly byte[] Name = MsgPackKey.Of("http.request"), Type = MsgPackKey.Of("http"),
        FixedTags = MsgPackKey.Block([new("span.kind", "client"), new("component", "System.Net.Http")]),
        KeyMethod = MsgPackKey.Of("http.method"), KeyUrl = MsgPackKey.Of("http.url"), KeyStatus = MsgPackKey.Of("http.status_code"),
        KeyOutHost = MsgPackKey.Of("out.host"), KeyOutPort = MsgPackKey.Of("network.destination.port");

    /// <summary>Writes one span.</summary>
    /// <param name="to">An empty buffer.</param>
    /// <param name="activity">The request's activity, with its duration set.</param>
    /// <param name="who">Who the span is.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="response">The answer; null when none came.</param>
    /// <param name="error">Why none came; null when one did, or the app gave up.</param>
    public void Encode(MsgPackBuffer to, Activity activity, in SpanIdentity who, HttpRequestMessage request, HttpResponseMessage? response, Exception? error)
    {
        var uri = request.RequestUri is { IsAbsoluteUri: true } absolute ? absolute : null;
        var status = (int?)response?.StatusCode;
        var isCanceled = response is null && error is null;
        var isError = error is not null || isCanceled || status >= 400 || activity.Status == ActivityStatusCode.Error;

        writer.Begin(to, activity, who, Name, Type, isError);
        var mark = to.BeginText();
        to.AppendText(ResourceNames.Method(request.Method.Method));
        to.AppendAscii(" "u8);
        if (uri is not null)
        {
            to.AppendText(uri.Authority);
            to.AppendText(ResourceNames.Quantize(uri.AbsolutePath));
        }
        to.EndText(mark);

        var count = writer.BeginMeta(to, who, out mark);
        to.Raw(FixedTags);
        count += 2;
        count += SpanWriter.Pair(to, KeyMethod, request.Method.Method);
        if (uri is not null)
        {
            count += SpanWriter.Pair(to, KeyOutHost, uri.Host);
            WriteUrl(to, uri);
            count++;
        }
        if (status is { } code) count += SpanWriter.Pair(to, KeyStatus, code.ToString(CultureInfo.InvariantCulture));
        count += WriteOwnTags(to, activity);
        if (error is not null) count += SpanWriter.WriteError(to, error);
        else if (isCanceled) count += SpanWriter.WriteError(to, "System.Threading.Tasks.TaskCanceledException", "The app gave up waiting for the answer.", null);
        else if (isError) count += SpanWriter.WriteError(to, null, activity.StatusDescription ?? $"The answer had status {status}.", null);
        to.EndMap16(mark, count);

        count = writer.BeginMetrics(to, who, out mark);
        if (uri is { Port: >= 0 })
        {
            to.Raw(KeyOutPort);
            to.Int64(uri.Port);
            count++;
        }
        to.EndMap16(mark, count);
    }

    void WriteUrl(MsgPackBuffer to, Uri uri)
    {
        to.Raw(KeyUrl);
        var mark = to.BeginText();
        to.AppendText(uri.Scheme);
        to.AppendAscii("://"u8);
        to.AppendText(uri.Authority); // Without user name and password.
        to.AppendText(uri.AbsolutePath);
        UrlWriter.AppendQuery(to, uri.Query, settings.QueryString);
        to.EndText(mark);
    }

    // The framework's own tags (runtime 9 and later) say the same again under other names; the app's are kept.
    static int WriteOwnTags(MsgPackBuffer to, Activity activity)
    {
        var count = 0;
        foreach (ref readonly var tag in activity.EnumerateTagObjects())
        {
            if (tag.Value is null || count == TagWriter.MaxTags) continue;
            if (tag.Key is "http.request.method" or "http.request.method_original" or "server.address" or "server.port" or "url.full" or "url.scheme"
                or "http.response.status_code" or "network.protocol.version" or "error.type") continue;
            to.Text(tag.Key);
            to.Text(TagWriter.TextOf(tag.Value));
            count++;
        }
        return count;
    }
}
