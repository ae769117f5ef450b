using System.Runtime.InteropServices;
using Apm.Core.Limits;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Receive;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>Memory of bodies: no more than has come, and the same again for the next one.</summary>
public class BodyMemoryTests
{
    readonly MemoryBudget _memory = MemoryBudget.None();

    [Theory]
    [InlineData(20_000)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    [InlineData(1_100_000)] // A little beyond a power of two: what a tracer with large payloads sends.
    [InlineData(2_000_000)]
    public async Task The_next_body_of_its_size_gets_the_same_memory(int bytes)
    {
        var reader = new BodyReader(new AgentSettings(), _memory);
        byte[] first;
        using (var body = await reader.Read(Request(bytes), CancellationToken.None)) first = MemoryOf(body);
        using (var body = await reader.Read(Request(bytes), CancellationToken.None)) Assert.Same(first, MemoryOf(body));
    }

    [Theory]
    [InlineData(1_100_000, 2_097_152)]
    [InlineData(3_000_000, 3_000_000)] // Memory as large as that is not kept, so it is as large as the body.
    [InlineData(9_000_000, 9_000_000)]
    public async Task It_takes_no_more_than_its_sender_says_it_is_long(int bytes, int expected)
    {
        using var body = await new BodyReader(new AgentSettings(), _memory).Read(Request(bytes), CancellationToken.None);
        Assert.Equal(bytes, body.Memory.Length);
        Assert.Equal(expected, Held);
        Assert.Equal(expected, MemoryOf(body).Length);
    }

    [Fact]
    public async Task A_length_that_is_only_announced_takes_no_memory()
    {
        var request = Request(10_000);
        request.ContentLength = 20_000_000;
        using var body = await new BodyReader(new AgentSettings(), _memory).Read(request, CancellationToken.None);
        Assert.InRange(Held, 10_000, 131_072);
    }

    [Fact]
    public async Task A_body_of_unknown_length_grows_as_it_comes_and_gives_all_back()
    {
        var request = Request(5_000_000);
        request.ContentLength = null;
        using (var body = await new BodyReader(new AgentSettings(), _memory).Read(request, CancellationToken.None)) Assert.Equal(Pattern(5_000_000), body.Memory.ToArray());
        Assert.Equal(0, Held);
    }

    long Held => _memory.Accounts.Single(account => account.Name == "bodies").HeldBytes;

    static byte[] MemoryOf(PooledBody body) => MemoryMarshal.TryGetArray(body.Memory, out var segment) ? segment.Array! : throw new InvalidOperationException("no array");

    static HttpRequest Request(int bytes)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(Pattern(bytes));
        request.ContentLength = bytes;
        return request;
    }

    static byte[] Pattern(int bytes) => [.. Enumerable.Range(0, bytes).Select(at => unchecked((byte)((at * 31) >> 3)))];
}
