using System.Net;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>A link to a trace that is gone says what was there and why it is not any more.</summary>
public class ExpiredLinkTests
{
    [Theory]
    [InlineData(FateKind.Evicted, "age", "was very probably stored, and dropped 2026-03-01 10:00:00.000000 UTC with all traces of its time: they were older than traces are kept.")]
    [InlineData(FateKind.Evicted, "bytes", "the storage budget had no room for them any more.")]
    [InlineData(FateKind.SampledOut, "rate", "was very probably sampled out (rate) in the hour from 2026-03-01 10:00:00.000000 UTC.")]
    [InlineData(FateKind.Rejected, "overloaded", "was very probably rejected (overloaded)")]
    public async Task The_page_of_a_trace_that_is_gone_says_why(FateKind kind, string reason, string says)
    {
        await using var host = await UiHost.Start(fates: new Remembered(new Fate(kind, reason, Some.BaseUnixNanos, 1e-9)));
        using var answer = await host.Client.GetAsync("/traces/0000000000000999");
        var html = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("No span of trace 0000000000000999 is stored.", html, StringComparison.Ordinal);
        Assert.Contains("Trace 0000000000000999 was very probably", html, StringComparison.Ordinal);
        Assert.Contains(says, html, StringComparison.Ordinal);
    }

    sealed class Remembered(Fate fate) : IFateStore
    {
        public long SinceUnixNanos => Some.BaseUnixNanos;
        public IReadOnlyList<Fate> Find(TraceId traceId) => [fate];
        public void Note(TraceId traceId, FateKind kind, string reason, long unixNanos) => throw new NotSupportedException();
        public void Evicted(EvictedSlice slice) => throw new NotSupportedException();
        public void Flush() => throw new NotSupportedException();
        public void Dispose() { }
    }
}
