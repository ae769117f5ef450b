using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Ports;

namespace Apm.StorageContract;

/// <summary>What every store of service checks does. Each backend supplies how to open one.</summary>
public abstract class ServiceCheckStoreContract
{
    const long Now = 1_700_000_000;

    protected Counters Counters { get; } = new();

    /// <summary>An empty store that keeps so many checks, and so many bytes of them.</summary>
    protected abstract IServiceCheckStore OpenEmptyStore(int maxChecks = 1_000, long maxBytes = 1_000_000);

    /// <summary>The same store after the process died.</summary>
    protected abstract IServiceCheckStore Reopen(IServiceCheckStore store);

    static ServiceCheckRun Run(string check, CheckStatus status = CheckStatus.Ok, long at = Now, string host = "h", string message = "", params string[] tags) => new(check, status, at, host, tags, message);

    static string Draw(IServiceCheckStore store, string? check = null) => string.Join('\n', store.Read(check).Select(history =>
        $"{history.Last.Check} {history.Last.Host} [{string.Join(',', history.Last.Tags)}]: {string.Join(' ', history.Runs.Select(run => $"{run.Status}@{run.UnixSeconds - Now}{(run.Message.Length > 0 ? $"({run.Message})" : "")}"))}"));

    [Fact]
    public void The_last_answer_of_each_check_host_and_tags_with_its_history()
    {
        using var store = OpenEmptyStore();
        store.Add(Run("b"));
        store.Add(Run("a", CheckStatus.Critical, message: "gone"));
        store.Add(Run("a", CheckStatus.Ok, Now + 15));
        store.Add(Run("a", CheckStatus.Warning, Now + 5)); // Came late.
        store.Add(Run("a", host: "g"));
        store.Add(Run("a", tags: ["port:2", "x"]));
        store.Add(Run("a", CheckStatus.Unknown, Now + 1, tags: ["x", "port:2"]));

        Assert.Equal("a g []: Ok@0\na h []: Ok@15 Warning@5 Critical@0(gone)\na h [port:2,x]: Unknown@1 Ok@0\nb h []: Ok@0", Draw(store));
        Assert.Equal("b h []: Ok@0", Draw(store, "b"));
        Assert.Equal("", Draw(store, "c"));
    }

    [Fact]
    public void What_was_saved_is_there_after_a_restart()
    {
        var store = OpenEmptyStore();
        foreach (var i in Enumerable.Range(0, 600)) store.Add(Run($"c{i:000}", CheckStatus.Warning, message: "ä€😀"));
        store.Save();
        store.Add(Run("c000", CheckStatus.Critical, Now + 10));
        store.Save();
        store = Reopen(store);

        using (store)
        {
            Assert.Equal(600, store.Read().Count);
            Assert.Equal("c000 h []: Critical@10 Warning@0(ä€😀)", Draw(store, "c000"));
        }
    }

    [Fact]
    public void History_is_short_and_long_messages_are_cut()
    {
        using var store = OpenEmptyStore();
        foreach (var i in Enumerable.Range(0, 100)) store.Add(Run("a", at: Now + i, message: new string('x', 5_000)));

        var history = Assert.Single(store.Read());
        Assert.Equal((ServiceCheckHistory.MaxRuns, Now + 99, Now + 80, 500), (history.Runs.Count, history.Last.UnixSeconds, history.Runs[^1].UnixSeconds, history.Last.Message.Length));
    }

    [Fact]
    public void The_one_silent_for_longest_makes_room_and_is_counted()
    {
        var store = OpenEmptyStore(maxChecks: 3);
        foreach (var i in Enumerable.Range(0, 10)) store.Add(Run($"c{i}", at: Now + i));
        store.Add(Run("c7", at: Now + 20));
        store.Add(Run("new", at: Now + 21));
        store.Save();
        store = Reopen(store);

        using (store)
        {
            Assert.Equal("c7 c9 new", string.Join(' ', store.Read().Select(history => history.Last.Check)));
            Assert.Equal(8, Counters.Read("service_checks_forgotten"));
        }
    }

    [Fact]
    public void Large_ones_make_room_too()
    {
        using var store = OpenEmptyStore(maxBytes: 10_000);
        foreach (var i in Enumerable.Range(0, 100)) store.Add(Run($"c{i}", at: Now + i, message: new string('x', 400)));

        Assert.Equal(7, store.Read().Count);
        Assert.Equal(93, Counters.Read("service_checks_forgotten"));
    }
}
