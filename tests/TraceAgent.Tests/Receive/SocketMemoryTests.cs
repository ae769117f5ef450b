using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Tests.Receive;

public class SocketMemoryTests
{
    [Fact]
    public void A_block_given_back_is_given_out_again_once()
    {
        using var pool = new SocketMemory().Create();
        var first = pool.Rent(1);
        first.Memory.Span[0] = 42;

        first.Dispose();
        first.Dispose();
        using var second = pool.Rent(SocketMemory.BlockBytes);
        using var third = pool.Rent();

        Assert.Equal((SocketMemory.BlockBytes, SocketMemory.BlockBytes), (second.Memory.Length, third.Memory.Length));
        Assert.Equal(42, second.Memory.Span[0]);
        third.Memory.Span[0] = 7;
        Assert.Equal(42, second.Memory.Span[0]);
    }

    [Fact]
    public void More_than_a_block_is_refused()
    {
        using var pool = new SocketMemory().Create();

        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(SocketMemory.BlockBytes + 1));
    }
}
