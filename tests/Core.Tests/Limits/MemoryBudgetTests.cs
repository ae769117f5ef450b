using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.TestKit;

namespace Apm.Core.Tests.Limits;

public class MemoryBudgetTests
{
    const long Mega = 1_048_576;

    [Fact]
    public void Work_is_refused_when_the_room_is_full_and_taken_when_some_was_given_back()
    {
        var budget = new MemoryBudget(512 * Mega);
        var bodies = budget.OpenWork("bodies");
        var queue = budget.OpenWork("queue");

        Assert.True(bodies.TryReserve(budget.RoomBytes / 2));
        Assert.False(queue.TryReserve(budget.RoomBytes / 2)); // What is large leaves a quarter to what is small.
        while (queue.TryReserve(Mega)) { }
        Assert.True(budget.RoomBytes - budget.WorkBytes < Mega);
        Assert.Equal(2, queue.RefusedCount);

        bodies.Release(Mega);
        Assert.True(queue.TryReserve(Mega));
        Assert.Equal(bodies.HeldBytes + queue.HeldBytes, budget.WorkBytes);
    }

    [Fact]
    public void An_account_keeps_to_its_own_limit_whatever_is_free()
    {
        var bodies = new MemoryBudget(512 * Mega).OpenWork("bodies", maxBytes: 10);

        Assert.True(bodies.TryReserve(10));
        Assert.False(bodies.TryReserve(1));
        Assert.Equal(10, bodies.HeldBytes);
    }

    [Fact]
    public void What_is_larger_than_the_room_passes_when_nothing_else_is_held()
    {
        var budget = new MemoryBudget(512 * Mega);
        var bodies = budget.OpenWork("bodies");

        Assert.True(bodies.TryReserve(budget.RoomBytes * 2));
        Assert.False(bodies.TryReserve(1));
    }

    [Fact]
    public void Caches_get_what_work_leaves()
    {
        var budget = new MemoryBudget(512 * Mega);
        MemoryAccount cache = null!;
        cache = budget.OpenCache("blocks", 200 * Mega, to => cache.Release(cache.HeldBytes - to));
        cache.Reserve(200 * Mega);
        Assert.Equal(200 * Mega, cache.LimitBytes);

        budget.OpenWork("queue").Reserve(budget.RoomBytes - (100 * Mega));
        Assert.Equal(100.0, cache.LimitBytes / (double)Mega, tolerance: 1);

        budget.ShrinkCaches();
        Assert.Equal(cache.LimitBytes, cache.HeldBytes);
    }

    [Fact]
    public void Without_a_ceiling_nothing_is_refused()
    {
        var budget = MemoryBudget.None();
        Assert.True(budget.OpenWork("bodies").TryReserve(1L << 50));
        Assert.True(budget.OpenWork("queue").TryReserve(1L << 50));
    }

    [Fact]
    public void Accounts_of_many_threads_sum_to_what_is_held()
    {
        var budget = new MemoryBudget(512 * Mega);
        var accounts = Enumerable.Range(0, 4).Select(i => budget.OpenWork($"part{i}")).ToArray();

        Parallel.For(0, 8, seed =>
        {
            var chance = new Random(seed);
            for (var i = 0; i < 10_000; i++)
            {
                var account = accounts[chance.Next(accounts.Length)];
                var bytes = chance.NextInt64(1, 20 * Mega);
                if (account.TryReserve(bytes)) account.Release(bytes);
            }
        });

        Assert.Equal(0, budget.WorkBytes);
        Assert.All(accounts, account => Assert.Equal(0, account.HeldBytes));
        Assert.All(accounts, account => Assert.True(account.MostHeldBytes <= budget.RoomBytes));
    }

    [Fact]
    public void The_guard_narrows_near_the_ceiling_says_so_once_and_widens_when_there_is_air()
    {
        var budget = new MemoryBudget(512 * Mega);
        var problems = new RecentProblems();
        var (taken, collected) = (100 * Mega, 0);
        var clock = new SteppedClock(DateTimeOffset.UnixEpoch);
        var garbage = 0L;
        void Collect()
        {
            collected++;
            (taken, garbage) = (taken - garbage, 0);
        }
        var guard = new MemoryGuard(budget, () => new ProcessMemory(taken, 0, 0, 0, 0), Collect, Unasked, new Counters(), problems, clock);
        budget.OpenWork("queue").Reserve(80 * Mega);

        guard.Look();
        Assert.Equal(budget.FullRoomBytes, budget.RoomBytes);

        (taken, garbage) = (480 * Mega, 200 * Mega);
        guard.Look();
        Assert.Equal(1, collected);
        Assert.Equal(budget.FullRoomBytes, budget.RoomBytes); // It was garbage.

        taken = 480 * Mega;
        guard.Look();
        Assert.Equal(1, collected); // Not again so soon.
        for (var i = 0; i < 2; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            guard.Look();
        }
        Assert.True(budget.RoomBytes < budget.FullRoomBytes * 0.5);
        Assert.Equal(3, collected);
        Assert.Equal(1, guard.BitCount);
        Assert.Equal(
            "The process takes 480 of its 512 MB, so payloads may be answered 429 and caches are smaller for a while (queue 80 MB). " +
            "Tracers send again, nothing that was acknowledged is lost; give it more with memory.max_bytes in apm.yaml.", Assert.Single(problems.ReadAll()).Sentence);

        taken = 200 * Mega;
        for (var i = 0; i < 10; i++) guard.Look();
        Assert.Equal(budget.FullRoomBytes, budget.RoomBytes);
        Assert.Equal(480 * Mega, guard.MostBytes);
    }

    [Fact]
    public void The_guard_tidies_a_heap_full_of_holes_once_a_minute_while_there_is_air()
    {
        var (holes, collected) = (31 * Mega, 0);
        var clock = new SteppedClock(DateTimeOffset.UnixEpoch);
        var guard = new MemoryGuard(new MemoryBudget(512 * Mega), () => new ProcessMemory(250 * Mega, 120 * Mega, holes, 0, 0), () => collected++, Unasked, new Counters(), new RecentProblems(), clock);

        guard.Look();
        Assert.Equal(0, collected);

        holes = 40 * Mega;
        guard.Look();
        clock.Advance(TimeSpan.FromSeconds(59));
        guard.Look();
        Assert.Equal(1, collected);

        clock.Advance(TimeSpan.FromSeconds(1));
        guard.Look();
        Assert.Equal(2, collected);
        Assert.Equal(0, guard.BitCount); // It was not near the ceiling.
    }

    [Fact]
    public void The_guard_gives_unused_room_back_when_about_half_the_ceiling_is_taken()
    {
        var (taken, spare, collected) = (230 * Mega, 60 * Mega, 0);
        var clock = new SteppedClock(DateTimeOffset.UnixEpoch);
        var guard = new MemoryGuard(new MemoryBudget(512 * Mega), () => new ProcessMemory(taken, 120 * Mega, 0, spare, 0), () => collected++, Unasked, new Counters(), new RecentProblems(), clock);

        guard.Look();
        Assert.Equal((0, false), (collected, guard.IsBusy)); // Nobody else needs it.

        (taken, spare) = (245 * Mega, 30 * Mega);
        guard.Look();
        Assert.Equal((0, true), (collected, guard.IsBusy)); // It is in use.

        spare = 60 * Mega;
        guard.Look();
        Assert.Equal(1, collected);
        clock.Advance(TimeSpan.FromSeconds(14));
        guard.Look();
        Assert.Equal(1, collected);
        clock.Advance(TimeSpan.FromSeconds(1));
        guard.Look();
        Assert.Equal(2, collected);
        Assert.Equal(0, guard.BitCount);
    }

    [Fact]
    public void The_guard_has_young_objects_collected_when_they_pile_up()
    {
        var (young, collected) = (20 * Mega, 0);
        var guard = new MemoryGuard(new MemoryBudget(512 * Mega), () => new ProcessMemory(200 * Mega, 90 * Mega, 0, 0, young), Unasked, () => collected++, new Counters(), new RecentProblems(), new SteppedClock(DateTimeOffset.UnixEpoch));

        guard.Look();
        Assert.Equal(0, collected);

        young = 24 * Mega;
        guard.Look();
        Assert.Equal(1, collected);
    }

    static void Unasked() => Assert.Fail("It was not to be collected.");
}
