using System.Text;
using Apm.Core.Ports;

namespace Apm.StorageContract;

/// <summary>What every payload log does.</summary>
public abstract class PayloadLogContract
{
    /// <summary>An empty log.</summary>
    protected abstract IPayloadLog OpenEmptyLog();

    /// <summary>The log as a new process would find it; a log in memory gives itself.</summary>
    protected abstract IPayloadLog Reopen(IPayloadLog log);

    static Task<LogPosition> Append(IPayloadLog log, string text, Action<LogPosition>? whenDurable = null) =>
        log.Append(Encoding.UTF8.GetBytes("head:"), Encoding.UTF8.GetBytes(text), whenDurable ?? (_ => { }));

    static string Draw(IPayloadLog log, long after = 0) => string.Join(' ',
        log.ReadAfter(new LogPosition(after)).Select(record => $"{record.Position.Number}={Encoding.UTF8.GetString(record.Bytes.Span)}"));

    [Fact]
    public void An_empty_log_stands_before_its_first_record()
    {
        using var log = OpenEmptyLog();

        Assert.Equal(LogPosition.Start, log.Last);
        Assert.Empty(log.ReadAfter(LogPosition.Start));
    }

    [Fact]
    public async Task Records_are_numbered_from_one_and_read_back_in_order()
    {
        var log = OpenEmptyLog();
        Assert.Equal(1, (await Append(log, "a")).Number);
        Assert.Equal(2, (await Append(log, "b")).Number);
        Assert.Equal(3, (await log.Append(default, default, _ => { })).Number);

        using var again = Reopen(log);

        Assert.Equal("1=head:a 2=head:b 3=", Draw(again));
        Assert.Equal("2=head:b 3=", Draw(again, after: 1));
        Assert.Equal("", Draw(again, after: 3));
        Assert.Equal(3, again.Last.Number);
    }

    [Fact]
    public async Task Numbers_go_on_after_a_restart()
    {
        var log = OpenEmptyLog();
        await Append(log, "a");
        log = Reopen(log);
        await Append(log, "b");
        log = Reopen(log);

        using (log) Assert.Equal("1=head:a 2=head:b", Draw(log));
    }

    [Fact]
    public async Task Numbers_go_on_when_everything_was_released()
    {
        var log = OpenEmptyLog();
        await Append(log, "a");
        await Append(log, "b");
        log.Release(new LogPosition(2));
        log = Reopen(log);

        using (log)
        {
            Assert.Equal(2, log.Last.Number);
            Assert.Equal(3, (await Append(log, "c")).Number);
            Assert.Equal("3=head:c", Draw(log, after: 2));
        }
    }

    [Fact]
    public async Task Whoever_appends_is_told_in_order_before_the_task_completes()
    {
        using var log = OpenEmptyLog();
        var told = new List<long>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var mine = 0L;
                var position = await Append(log, "x", durable =>
                {
                    told.Add(durable.Number); // Without a lock: calls come one at a time.
                    mine = durable.Number;
                });
                Assert.Equal(mine, position.Number);
                Assert.True(log.Last >= position);
            }
        })));

        Assert.Equal(Enumerable.Range(1, 800).Select(number => (long)number), told);
    }

    [Fact]
    public async Task After_closing_an_append_is_refused()
    {
        var log = OpenEmptyLog();
        log.Dispose();

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Append(log, "late"));
        Assert.Equal("The payload log is closed; Apm is stopping. Send again in a moment.", refused.Message);
    }

    [Fact]
    public async Task Large_records_come_back_whole()
    {
        var log = OpenEmptyLog();
        var large = new byte[5_000_000];
        new Random(1).NextBytes(large);
        await Append(log, "small");
        await log.Append(large.AsMemory(0, 1_000), large.AsMemory(1_000), _ => { });
        await Append(log, "small");

        using var again = Reopen(log);

        Assert.Equal([10, 5_000_000, 10], again.ReadAfter(LogPosition.Start).Select(record => record.Bytes.Length));
        Assert.True(again.ReadAfter(new LogPosition(1)).First().Bytes.Span.SequenceEqual(large));
    }
}
