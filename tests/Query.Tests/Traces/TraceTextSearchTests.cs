using Apm.Core.Spans;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

public class TraceTextSearchTests
{
    [Theory]
    [InlineData("select", new[] { 1 })] // the resource, in any case
    [InlineData("BILLING", new[] { 2 })] // the service
    [InlineData("user.id", new[] { 2 })] // a key
    [InlineData("u-17", new[] { 2 })] // a value
    [InlineData("user.id:u-17", new[] { 2 })]
    [InlineData("@id = 17", new[] { 2 })] // the end of the key is enough
    [InlineData("user.id:u-18", new int[0])]
    [InlineData("rows:42", new[] { 1 })] // a number
    [InlineData("42", new[] { 1 })]
    [InlineData("  ", new int[0])]
    [InlineData("nowhere", new int[0])]
    public void Finds_names_keys_and_values(string text, int[] found)
    {
        var tree = new TraceLookup(new BatchList(Some.Batch(
            Some.Span(id: 1, durationNanos: 100, resource: "GET /"),
            Some.Span(id: 2, parent: 1, startNanos: 1, resource: "SELECT 1", numbers: [("db.rows", 42)]),
            Some.Span(id: 3, parent: 1, startNanos: 2, service: "billing", tags: [("user.id", "u-17")]),
            Some.Span(id: 4, parent: 99, startNanos: 3)))).Read(Some.TraceId())!;

        Assert.Equal(found, TraceTextSearch.Find(tree, text));
    }
}
