using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage.Tests.Files;

public sealed class DiskGuardTests
{
    const long Mebibyte = 1_048_576;

    readonly SimulatedDisk _disk = new() { BytesLeft = 200 * Mebibyte };
    readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
    readonly Counters _counters = new();
    readonly List<string> _told = [];

    DiskGuard Guard(long? stopBelow = 100 * Mebibyte) =>
        new("/data", new DiskGuardSettings { StopBelowBytes = stopBelow, OnChange = _told.Add }, _disk, _clock, _counters);

    [Fact]
    public void It_stops_below_the_limit_and_goes_on_by_itself_a_fifth_above_it()
    {
        var guard = Guard();
        string Draw(long freeMebibytes)
        {
            _disk.BytesLeft = freeMebibytes * Mebibyte;
            _clock.Advance(TimeSpan.FromSeconds(1));
            return guard.WhyClosed(0) is null ? "open" : "closed";
        }
        Assert.Equal("open open closed closed closed open open", string.Join(' ', new long[] { 101, 100, 99, 100, 119, 120, 101 }.Select(Draw)));
        Assert.Equal(1, _counters.Read("disk_nearly_full"));
        Assert.Equal(
            [
                "The disk of /data has 99 MiB free, and 100 MiB are kept for what is already in: nothing more is taken in until 120 MiB are free. Free some space, lower the storage budget, or move the folder with --data DIR; then it goes on by itself.",
                "The disk of /data has 120 MiB free again; payloads are taken in as before.",
            ],
            _told);
    }

    [Fact]
    public void A_refusal_has_its_own_reason_and_says_how_much_is_free_now()
    {
        _disk.BytesLeft = 90 * Mebibyte;
        var guard = Guard();
        var refusal = guard.WhyClosed(0)!;
        Assert.Equal(StoreUnavailableException.DiskNearlyFull, refusal.Reason);
        _disk.BytesLeft = 50 * Mebibyte;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.StartsWith("The disk of /data has 50 MiB free,", guard.WhyClosed(0)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Within_a_second_it_looks_again_only_when_much_was_written()
    {
        var guard = Guard();
        _disk.BytesLeft = 10 * Mebibyte;
        Assert.Null(guard.WhyClosed(20 * Mebibyte)); // A quarter of the 100 MiB that could be written is not reached.
        Assert.NotNull(guard.WhyClosed(6 * Mebibyte));
    }

    [Theory]
    [InlineData(100L << 30, 1L << 30)]
    [InlineData(1L << 30, (1L << 30) / 20)]
    public void By_default_a_gibibyte_is_kept_or_a_twentieth_of_a_small_disk(long diskBytes, long expected)
    {
        _disk.Capacity = diskBytes;
        Assert.Equal(expected, Guard(stopBelow: null).StopBelowBytes);
    }

    [Fact]
    public void What_is_only_tidying_up_needs_room_beyond_where_the_intake_goes_on()
    {
        var guard = Guard();
        Assert.True(guard.HasRoomFor(80 * Mebibyte));
        Assert.False(guard.HasRoomFor((80 * Mebibyte) + 1));
    }
}
