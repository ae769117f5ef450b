using System.Text;
using Apm.Core.Spans;
using CsCheck;

namespace Apm.Core.Tests.Spans;

public class StringTableTests
{
    [Fact]
    public void Begins_with_the_empty_string()
    {
        var table = new StringTable();

        Assert.Equal((1, 0, ""), (table.Count, table.ByteCount, table.Text(0)));
        Assert.Equal((0, 0), (table.Intern(""), table.Find("")));
    }

    [Fact]
    public void Equal_strings_share_an_index_whatever_way_they_come() =>
        Gen.String.List[0, 200].Sample(texts =>
        {
            var table = new StringTable(1, 1);
            var indexes = new Dictionary<string, int> { [""] = 0 };
            foreach (var raw in texts)
            {
                var text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(raw)); // Half surrogate pairs have no UTF-8.
                var index = table.Intern(Encoding.UTF8.GetBytes(text));
                Assert.True(indexes.TryAdd(text, index) ? index == indexes.Count - 1 : index == indexes[text]);
                Assert.Equal(index, table.Intern(text));
                Assert.Equal(index, table.InternLenient(Encoding.UTF8.GetBytes(text)));
            }
            Assert.Equal(indexes.Count, table.Count);
            foreach (var (text, index) in indexes)
            {
                Assert.Equal(index, table.Find(text));
                Assert.Equal(text, table.Text(index));
                Assert.Equal(Encoding.UTF8.GetBytes(text), table.Utf8(index).ToArray());
            }
        });

    [Fact]
    public void A_string_that_is_not_there_is_not_found()
    {
        var table = new StringTable();
        for (var i = 0; i < 1_000; i++) table.Intern($"k{i}");

        Assert.Equal(-1, table.Find("k1000"));
        Assert.Equal(-1, table.Find("k1000"u8));
        Assert.Equal(1_000, table.Find("k999"));
    }

    [Theory]
    [InlineData("61ff62", "a\uFFFDb")]
    [InlineData("ffff", "\uFFFD\uFFFD")]
    [InlineData("e282", "\uFFFD\uFFFD")]
    [InlineData("c3a9ed a080", "é\uFFFD\uFFFD\uFFFD")]
    public void Each_undecodable_byte_becomes_a_mark(string hex, string expected)
    {
        var table = new StringTable();

        Assert.Equal(expected, table.Text(table.InternLenient(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)))));
        Assert.Equal(1, table.Find(expected));
    }
}
