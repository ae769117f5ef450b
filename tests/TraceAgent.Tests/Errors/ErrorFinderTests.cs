using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Errors;

namespace Apm.TraceAgent.Tests.Errors;

public class ErrorFinderTests
{
    static Span Failed(ulong id, ulong parent = 0, string service = "web", string? type = null, string? message = null, string? status = null, string resource = "GET /") => Some.Span(
        id, parent, service: service, resource: resource, isError: true,
        tags: [.. new (string, string?)[] { ("error.type", type), ("error.message", message), ("http.status_code", status) }.Where(tag => tag.Item2 is not null).Select(tag => (tag.Item1, tag.Item2!))]);

    static string Draw(params Span[] spans) => string.Join(", ", ErrorFinder.Find(Some.Batch(spans)).Select(error =>
        $"{error.Span}:{error.Fingerprint.Service} {error.Fingerprint.Type} {error.Fingerprint.Pattern}".TrimEnd()));

    [Fact]
    public void A_batch_without_failed_spans_has_none() => Assert.Empty(Draw(Some.Span()));

    [Fact]
    public void An_error_that_passes_up_through_its_service_counts_once_where_it_arose() => Assert.Equal(
        "2:web KeyError no item {n}",
        Draw(Failed(1, type: "KeyError", message: "no item 3"), Failed(2, 1, type: "KeyError", message: "no item 3"), Failed(3, 2, type: "KeyError", message: "no item 3")));

    [Fact]
    public void A_span_that_says_nothing_of_its_own_passes_on_what_its_child_says() => Assert.Equal(
        "1:web KeyError gone",
        Draw(Failed(1, status: "500"), Failed(2, 1, type: "KeyError", message: "gone")));

    [Fact]
    public void An_error_that_was_turned_into_another_counts_as_both() => Assert.Equal(
        "0:web CheckoutFailed, 1:web KeyError gone",
        Draw(Failed(1, type: "CheckoutFailed"), Failed(2, 1, type: "KeyError", message: "gone")));

    [Fact]
    public void Services_count_for_themselves() => Assert.Equal(
        "0:web HTTP 500, 1:api HTTP 500",
        Draw(Failed(1, status: "500"), Failed(2, 1, service: "api", status: "500")));

    [Fact]
    public void Siblings_each_count() => Assert.Equal(
        "1:web KeyError no item {n}, 2:web KeyError no item {n}",
        Draw(Some.Span(1), Failed(2, 1, type: "KeyError", message: "no item 1"), Failed(3, 1, type: "KeyError", message: "no item 2")));

    [Fact]
    public void A_snapshot_of_a_running_span_does_not_count() => Assert.Empty(Draw(Failed(1, type: "KeyError") with { Flags = SpanFlags.Error | SpanFlags.Partial }));

    [Fact]
    public void A_span_that_is_its_own_parent_counts() => Assert.Equal("0:web KeyError, 1:web OtherError", Draw(Failed(5, 5, type: "KeyError"), Failed(6, 9, type: "OtherError")));

    [Fact]
    public void A_numeric_status_is_read() => Assert.Equal("0:web HTTP 502", Draw(Some.Span(isError: true, numbers: [("http.status_code", 502)])));
}
