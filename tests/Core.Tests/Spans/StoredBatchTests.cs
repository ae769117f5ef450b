using System.Text;
using Apm.Core.Spans;

namespace Apm.Core.Tests.Spans;

public sealed class StoredBatchTests
{
    static StringTable Table(Func<StringTable>? rest, params string[] texts)
    {
        var ends = new List<int>();
        var bytes = new List<byte>();
        foreach (var text in texts.Prepend(""))
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(text));
            ends.Add(bytes.Count);
        }
        return StringTable.Stored([.. bytes], [.. ends], rest);
    }

    [Fact]
    public void A_stored_table_finds_its_strings_and_no_others()
    {
        var table = Table(null, "web", "größe");

        Assert.Equal((0, 1, 2, -1), (table.Find(""), table.Find("web"), table.Find("größe"), table.Find("db")));
        Assert.Equal(("", "web", "größe"), (table.Text(0), table.Text(1), table.Text(2)));
        Assert.Equal((3, 10), (table.Count, table.ByteCount));
    }

    [Fact]
    public void The_rest_follows_on_and_is_read_once_when_it_is_needed()
    {
        var reads = 0;
        var table = Table(
            () =>
            {
                reads++;
                return Table(null, "v1", "v2");
            }, "key");

        Assert.Equal((1, "key"), (table.Find("key"), table.Text(1)));
        Assert.Equal(0, reads);
        Assert.Equal((2, 3, -1), (table.Find("v1"), table.Find("v2"), table.Find("v3")));
        Assert.Equal(("v1", "v2"), (table.Text(2), Encoding.UTF8.GetString(table.Utf8(3))));
        Assert.Equal((4, 7), (table.Count, table.ByteCount));
        Assert.Equal(1, reads);
    }

    [Fact]
    public void A_string_of_another_table_is_interned_as_if_it_were_text()
    {
        var own = new StringTable();
        var known = own.Intern("web");
        var other = new StringTable();
        var (web, db) = (other.Intern("web"), other.Intern("db"));

        Assert.Equal(known, own.Intern(other, web));
        Assert.Equal("db", own.Text(own.Intern(other, db)));
        Assert.Equal("v1", own.Text(own.Intern(Table(null, "v1"), 1)));
        Assert.Equal(4, own.Count);
    }

    [Fact]
    public void A_cleared_table_knows_nothing_but_the_empty_string()
    {
        var table = new StringTable();
        for (var i = 0; i < 300; i++) table.Intern($"text{i}");
        table.Clear();

        Assert.Equal((1, 0, -1), (table.Count, table.Find(""), table.Find("text7")));
        Assert.Equal("new", table.Text(table.Intern("new")));
    }

    [Fact]
    public void Tags_of_a_stored_batch_are_read_once_when_they_are_asked_for_and_again_after_a_failure()
    {
        var tags = new ReadLater();
        var batch = SpanBatch.Stored(2, Table(null, "key", "value", "own"), tags);

        Assert.Equal((2, 0), (batch.SpanCount, tags.Reads));
        Assert.Throws<IOException>(() => batch.Tags);
        Assert.Equal(("value", 0.5), (batch.TagOf(0, "key"), batch.NumberOf(0, "key")));
        Assert.Equal(2, tags.Reads);
    }

    [Fact]
    public void A_single_span_of_a_stored_batch_is_copied_out_without_reading_the_tags_of_the_others()
    {
        var tags = new ReadLater();
        var batch = SpanBatch.Stored(2, Table(null, "key", "value", "own"), tags);

        Assert.Equal("own", batch.SpansAt([1])[0].Tag("key"));
        Assert.Equal(0, tags.Reads);
        tags.Reads = 1;
        Assert.Equal("value", batch.TagOf(0, "key"));
        Assert.Equal("value", batch.SpansAt([0])[0].Tag("key"));
    }

    /// <summary>Fails the first time it is asked for all.</summary>
    sealed class ReadLater : IStoredTags
    {
        public int Reads { get; set; }

        public StoredTags ReadAll() => ++Reads == 1 ? throw new IOException("not now") : new StoredTags(new([0, 1], [1, 0], [1], [2], 1), new([0, 1], [1, 0], [1], [0.5], 1));

        public TagValues ReadKey(int key) => throw new NotSupportedException();

        public IReadOnlyList<SpanTags> ReadSpans(ReadOnlySpan<int> spans) => [SpanTags.None with { Texts = new Dictionary<string, string> { ["key"] = spans[0] == 1 ? "own" : "value" } }];
    }
}
