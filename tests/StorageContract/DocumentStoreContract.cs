using Apm.Core.Ports;

namespace Apm.StorageContract;

/// <summary>What every document store does.</summary>
public abstract class DocumentStoreContract
{
    /// <summary>An empty store.</summary>
    protected abstract IDocumentStore OpenEmptyStore();

    /// <summary>The store as a new process would find it; a store in memory gives itself.</summary>
    protected abstract IDocumentStore Reopen(IDocumentStore store);

    public enum Mood
    {
        Calm,
        VeryAngry,
    }

    public sealed record Note(string Text, int Count = 0, Mood Mood = Mood.Calm, IReadOnlyList<string>? Tags = null);

    [Fact]
    public void What_is_stored_is_found_again_after_a_restart()
    {
        var store = OpenEmptyStore();
        store.Store("notes", "a", new Note("ä€😀", 7, Mood.VeryAngry, ["x"]));
        store = Reopen(store);

        using (store)
        {
            var note = store.Find<Note>("notes", "a")!;
            Assert.Equal(("ä€😀", 7, Mood.VeryAngry, "x"), (note.Text, note.Count, note.Mood, note.Tags!.Single()));
        }
    }

    [Fact]
    public void What_is_not_there_is_null_or_empty()
    {
        using var store = OpenEmptyStore();

        Assert.Null(store.Find<Note>("notes", "a"));
        Assert.Empty(store.FindAll<Note>("notes"));
        Assert.False(store.Remove("notes", "a"));
    }

    [Fact]
    public void All_documents_come_ordered_by_id_and_collections_are_apart()
    {
        using var store = OpenEmptyStore();
        foreach (var id in new[] { "b", "B", "a/x", "é", "a", "b0" }) store.Store("notes", id, new Note(id));
        store.Store("notes2", "z", new Note("other"));
        store.Store("Notes", "z", new Note("another"));

        Assert.Equal("B a a/x b b0 é", string.Join(' ', store.FindAll<Note>("notes").Select(note => note.Text)));
        Assert.Equal("other", store.FindAll<Note>("notes2").Single().Text);
    }

    [Fact]
    public void Storing_again_replaces()
    {
        using var store = OpenEmptyStore();
        store.Store("notes", "a", new Note("old"));
        store.Store("notes", "a", new Note("new"));

        Assert.Equal("new", store.FindAll<Note>("notes").Single().Text);
    }

    [Fact]
    public void What_was_removed_stays_removed()
    {
        var store = OpenEmptyStore();
        store.Store("notes", "a", new Note("a"));
        store.Store("notes", "b", new Note("b"));
        Assert.True(store.Remove("notes", "a"));
        store = Reopen(store);

        using (store) Assert.Equal("b", store.FindAll<Note>("notes").Single().Text);
    }

    [Fact]
    public void A_reader_gets_a_document_of_its_own()
    {
        using var store = OpenEmptyStore();
        var tags = new List<string> { "x" };
        store.Store("notes", "a", new Note("a", Tags: tags));
        tags.Add("y");

        Assert.Equal(["x"], store.Find<Note>("notes", "a")!.Tags);
        Assert.NotSame(store.Find<Note>("notes", "a"), store.Find<Note>("notes", "a"));
    }

    [Fact]
    public void A_document_that_is_no_longer_understood_does_not_hide_the_others()
    {
        using var store = OpenEmptyStore();
        store.Store("notes", "a", new Dictionary<string, string> { ["text"] = "a", ["count"] = "not a number" });
        store.Store("notes", "b", new Dictionary<string, string> { ["text"] = "b", ["unknown"] = "member" });

        Assert.Equal("b", store.FindAll<Note>("notes").Single().Text);
        Assert.Null(store.Find<Note>("notes", "a"));
    }
}
