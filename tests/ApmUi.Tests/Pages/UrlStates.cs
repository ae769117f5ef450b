using Apm.ApmUi.Links;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The state of a request as a test wants it.</summary>
static class UrlStates
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 10, 10, 0, TimeSpan.Zero);

    /// <param name="url">Path and query.</param>
    /// <param name="cookies">As a browser sends them.</param>
    public static PageState Of(string url, string cookies = "")
    {
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var context = new DefaultHttpContext();
        context.Request.Path = question < 0 ? url : url[..question];
        context.Request.QueryString = new QueryString(question < 0 ? "" : url[question..]);
        if (cookies.Length > 0) context.Request.Headers.Cookie = cookies;
        return PageState.Of(context.Request, Now, null);
    }
}
