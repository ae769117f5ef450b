using System.Buffers.Binary;
using Apm.StartupHook.Send;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Send;

public sealed class QueueAndChunkTests
{
    readonly ManualClock _clock = new();
    readonly DropCounter _drops = new();

    [Fact]
    public void Spans_of_a_trace_wait_for_its_first_span_which_then_leads()
    {
        var (queue, assembler, payloads) = Parts();
        Add(queue, 1, trace: 7, isRoot: false);
        Add(queue, 2, trace: 8, isRoot: true);
        Add(queue, 3, trace: 7, isRoot: false);
        assembler.Add(queue.Take(), payloads);
        Assert.Equal("[2]", Draw(payloads));

        Add(queue, 4, trace: 7, isRoot: true);
        assembler.Add(queue.Take(), payloads);
        Assert.Equal("[4 1 3]", Draw(payloads));
    }

    [Fact]
    public void A_trace_that_lasts_is_sent_in_pieces()
    {
        var (queue, assembler, payloads) = Parts();
        Add(queue, 1, trace: 7, isRoot: false);
        assembler.Add(queue.Take(), payloads);
        _clock.Advance(ChunkAssembler.MaxWait - TimeSpan.FromTicks(1));
        assembler.FlushOld(payloads);
        Assert.Equal("", Draw(payloads));
        _clock.Advance(TimeSpan.FromTicks(1));
        assembler.FlushOld(payloads);
        Assert.Equal("[1]", Draw(payloads));
        Add(queue, 2, trace: 7, isRoot: true);
        assembler.Add(queue.Take(), payloads);
        Assert.Equal("[2]", Draw(payloads));
    }

    [Fact]
    public void The_same_lower_half_of_an_id_is_not_the_same_trace()
    {
        var (queue, assembler, payloads) = Parts();
        queue.Add([1], traceIdHigh: 1, traceIdLow: 7, isLocalRoot: false);
        queue.Add([2], traceIdHigh: 2, traceIdLow: 7, isLocalRoot: true);
        assembler.Add(queue.Take(), payloads);
        Assert.Equal("[2]", Draw(payloads));
    }

    [Fact]
    public void Too_much_that_waits_is_sent_as_it_is_and_nothing_is_lost()
    {
        var (queue, assembler, payloads) = Parts(maxBytes: 64 * 1024 * 1024);
        const int spans = 100;
        var large = new byte[ChunkAssembler.MaxPendingBytes / 10];
        Array.Fill(large, (byte)0xc0);
        for (var i = 0; i < spans; i++) queue.Add(large, 0, (ulong)i + 1, isLocalRoot: false);
        assembler.Add(queue.Take(), payloads);
        assembler.FlushAll(payloads);
        var sent = 0;
        while (payloads.TryTake(out var payload))
        {
            sent += payload.SpanCount;
            Assert.True(payload.Body.Length <= PayloadBuilder.TargetBytes + large.Length + 10);
        }
        Assert.Equal(spans, sent);
    }

    [Fact]
    public void A_full_queue_drops_and_counts_and_takes_again_once_emptied()
    {
        var (queue, _, _) = Parts(maxBytes: 100);
        for (var i = 0; i < 5; i++) queue.Add(new byte[26], 0, 1, isLocalRoot: true); // 50 bytes each with the record's header
        Assert.Equal(100, queue.Take().Length);
        Assert.Equal(3, _drops.Of(DropReason.QueueFull));
        queue.Add(new byte[26], 0, 1, isLocalRoot: true);
        Assert.Equal(50, queue.Take().Length);
        Assert.Equal(3, _drops.Of(DropReason.QueueFull));
    }

    [Fact]
    public void A_burst_keeps_its_memory_for_the_next_one_and_gives_it_up_when_none_comes()
    {
        var (queue, _, _) = Parts(maxBytes: 4 * 1024 * 1024);
        Burst();
        Burst(); // There are two buffers.
        var held = queue.HeldBytes;
        for (var i = 0; i < SpanQueue.PatientTakes; i++) queue.Take();
        Assert.Equal(held, queue.HeldBytes);
        for (var i = 0; i < 2; i++) queue.Take();
        Assert.Equal(0, queue.HeldBytes);

        void Burst()
        {
            for (var i = 0; i < 20; i++) queue.Add(new byte[100_000], 0, 1, isLocalRoot: true);
            queue.Take();
        }
    }

    [Fact]
    public void Many_threads_lose_nothing()
    {
        var (queue, assembler, payloads) = Parts(maxBytes: 64 * 1024 * 1024);
        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 10_000; i++) Add(queue, (byte)thread, (ulong)(thread * 10_000 + i + 1), isRoot: true);
        });
        assembler.Add(queue.Take(), payloads);
        var sent = 0;
        while (payloads.TryTake(out var payload)) sent += SentNumbers(payload).Count;
        Assert.Equal(80_000, sent);
        Assert.Equal(0, _drops.Of(DropReason.QueueFull));
    }

    (SpanQueue, ChunkAssembler, PayloadBuilder) Parts(int maxBytes = 1024 * 1024) => (new(maxBytes, _drops), new(_clock), new());

    static void Add(SpanQueue queue, byte span, ulong trace, bool isRoot) => queue.Add([span], 0, trace, isRoot); // One byte is a whole msgpack number.

    static List<List<object?>> SentNumbers(Payload payload)
    {
        Assert.Equal(payload.ChunkCount, BinaryPrimitives.ReadInt32BigEndian(payload.Body.Span[1..]));
        return ((List<object?>)MsgPack.Decode(payload.Body.Span)!).ConvertAll(chunk => (List<object?>)chunk!);
    }

    static string Draw(PayloadBuilder payloads) =>
        payloads.TryTake(out var payload) ? string.Join(' ', SentNumbers(payload).Select(chunk => $"[{string.Join(' ', chunk)}]")) : "";

    sealed class ManualClock : TimeProvider
    {
        long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
