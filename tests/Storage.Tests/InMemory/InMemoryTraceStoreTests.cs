using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.InMemory;
using Apm.StorageContract;
using Apm.TestKit;

namespace Apm.Storage.Tests.InMemory;

public sealed class InMemoryTraceStoreTests : TraceStoreContract
{
    protected override ITraceStore OpenEmptyStore() => new InMemoryTraceStore();

    [Fact]
    public void When_it_is_full_the_oldest_batch_goes_and_is_counted()
    {
        var counters = new Counters();
        using var store = new InMemoryTraceStore(counters: counters, maxSpans: 3);
        for (var i = 1; i <= 3; i++) store.Append(SpanBatches.Of(Plain((ulong)i, 1), Plain((ulong)i, 2)), new LogPosition(i));

        Assert.Equal(2, store.Facts().SpanCount);
        Assert.Equal(4, counters.Read("spans_expired", "memory"));
        Assert.Equal(2, Read(store, new SpanScan { TraceId = new(0, 3) }).Count);
    }
}
