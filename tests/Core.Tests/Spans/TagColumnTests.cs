using Apm.Core.Spans;
using CsCheck;

namespace Apm.Core.Tests.Spans;

public class TagColumnTests
{
    /// <summary>Any order of changes on any span leaves what a dictionary per span would hold.</summary>
    [Fact]
    public void Behaves_like_a_dictionary_per_span() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 12], Gen.Int).List[0, 300].Sample(changes =>
        {
            var batch = new SpanBatch(1);
            var expected = new List<Dictionary<int, int>>();
            foreach (var (change, span, key, value) in changes)
            {
                if (change == 0 || expected.Count == 0)
                {
                    batch.AddSpan();
                    expected.Add([]);
                    continue;
                }
                var at = span % expected.Count;
                if (change == 1) Assert.Equal(expected[at].Remove(key), batch.Tags.Remove(at, key));
                else if (change == 2 && key == 0)
                {
                    batch.Tags.Clear(at);
                    expected[at].Clear();
                }
                else
                {
                    Assert.Equal(!expected[at].ContainsKey(key), batch.Tags.Set(at, key, value));
                    expected[at][key] = value;
                }
            }
            Check(expected, batch.Tags);
        });

    [Fact]
    public void One_more_tag_for_one_span_after_another_takes_hardly_more_room_than_the_tags()
    {
        var batch = new SpanBatch();
        for (var span = 0; span < 130; span++)
        {
            batch.AddSpan();
            for (var key = 1; key <= 12; key++) batch.SetTag(key, span);
        }

        for (var span = 0; span < 130; span++) batch.Tags.Set(span, 99, -span);

        Assert.Equal((130 * 12) + (10 * 13), batch.Tags.PoolCount);
        for (var span = 0; span < 130; span++)
            Assert.Equal([.. Enumerable.Range(1, 12).Select(key => (key, span)), (99, -span)], Entries(batch.Tags, span));
    }

    [Fact]
    public void Many_tags_on_one_span_behave_the_same()
    {
        var random = new Random(11);
        var batch = new SpanBatch();
        var expected = new List<Dictionary<int, int>> { new(), new() };
        batch.AddSpan();
        batch.AddSpan();
        for (var i = 0; i < 20_000; i++)
        {
            var (span, key) = (random.Next(2), random.Next(2_000));
            if (random.Next(50) == 0) Assert.Equal(expected[span].Remove(key), batch.Tags.Remove(span, key));
            else
            {
                batch.Tags.Set(span, key, i);
                expected[span][key] = i;
            }
        }
        Check(expected, batch.Tags);
    }

    [Fact]
    public void Tags_of_the_newest_span_can_be_appended()
    {
        var batch = new SpanBatch();
        batch.AddSpan();
        batch.Tags.Append(0, 1, 10);
        batch.Tags.Set(0, 2, 20);
        batch.Tags.Append(0, 3, 30);
        batch.AddSpan();
        batch.Tags.Append(1, 4, 40);

        Assert.Equal([(1, 10), (2, 20), (3, 30)], Entries(batch.Tags, 0));
        Assert.Equal([(4, 40)], Entries(batch.Tags, 1));
        Assert.Throws<System.Diagnostics.UnreachableException>(() => batch.Tags.Append(0, 5, 50)); // Its entries do not end the pool.
    }

    [Fact]
    public void Tags_keep_the_order_in_which_they_were_set()
    {
        var batch = new SpanBatch();
        batch.AddSpan();
        foreach (var key in new[] { 5, 3, 9 }) batch.SetTag(key, key);
        batch.AddSpan();
        batch.Tags.Set(0, 1, 1); // Moves span 0's tags to the end.
        batch.Tags.Set(0, 3, 33);

        Assert.Equal([(5, 5), (3, 33), (9, 9), (1, 1)], Entries(batch.Tags, 0));
        Assert.Empty(Entries(batch.Tags, 1));
    }

    static void Check(List<Dictionary<int, int>> expected, TagColumn<int> actual)
    {
        for (var span = 0; span < expected.Count; span++)
        {
            Assert.Equal(expected[span].Count, actual.CountOf(span));
            Assert.Equal(expected[span], Entries(actual, span).ToDictionary(tag => tag.Key, tag => tag.Value));
            for (var key = 0; key < 20; key++)
            {
                Assert.Equal(expected[span].TryGetValue(key, out var value), actual.TryGet(span, key, out var found));
                Assert.Equal(value, found);
            }
        }
    }

    static List<(int Key, int Value)> Entries(TagColumn<int> tags, int span)
    {
        var entries = new List<(int, int)>();
        foreach (var tag in tags.Of(span)) entries.Add(tag);
        return entries;
    }
}
