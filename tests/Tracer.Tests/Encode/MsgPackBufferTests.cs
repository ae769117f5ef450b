using Apm.StartupHook.Encode;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Encode;

public sealed class MsgPackBufferTests
{
    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("a text of more than thirty-one characters")]
    [InlineData("Ünïcödé 漢字 🙂")]
    public void Texts_come_back(string text)
    {
        var buffer = new MsgPackBuffer();
        buffer.Text(text);
        Assert.Equal(text, MsgPack.Decode(buffer.Written));
        Assert.Equal(text, MsgPack.Decode(MsgPackKey.Of(text)));
    }

    [Fact]
    public void Texts_of_every_length_around_the_headers_borders_come_back()
    {
        foreach (var length in Enumerable.Range(0, 300).Concat([5_000, 19_999, 20_000]))
        {
            foreach (var letter in "a漢")
            {
                var buffer = new MsgPackBuffer();
                buffer.Text(new string(letter, length));
                Assert.Equal(new string(letter, length), MsgPack.Decode(buffer.Written));
            }
        }
    }

    [Fact]
    public void A_text_too_long_is_cut_between_characters_and_half_a_character_is_replaced()
    {
        var buffer = new MsgPackBuffer();
        buffer.Text(new string('a', MsgPackBuffer.MaxTextChars - 1) + "🙂🙂");
        Assert.Equal(new string('a', MsgPackBuffer.MaxTextChars - 1), MsgPack.Decode(buffer.Written));
        buffer.Reset();
        buffer.Text("x\ud83d");
        Assert.Equal("x\ufffd", MsgPack.Decode(buffer.Written));
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(127L)]
    [InlineData(128L)]
    [InlineData(-1L)]
    [InlineData(-32L)]
    [InlineData(-33L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Signed_numbers_come_back(long number)
    {
        var buffer = new MsgPackBuffer();
        buffer.Int64(number);
        Assert.Equal(number, MsgPack.Decode(buffer.Written));
    }

    [Fact]
    public void A_map_and_a_text_whose_size_is_known_afterwards_come_back()
    {
        var buffer = new MsgPackBuffer();
        var map = buffer.BeginMap16();
        buffer.Text("url");
        var text = buffer.BeginText();
        buffer.AppendText("http");
        buffer.AppendAscii("://"u8);
        buffer.AppendText("ü");
        buffer.EndText(text);
        buffer.Text("max");
        buffer.UInt64(ulong.MaxValue);
        buffer.EndMap16(map, 2);
        Assert.Equal(new Dictionary<string, object?> { ["url"] = "http://ü", ["max"] = ulong.MaxValue }, MsgPack.Decode(buffer.Written));
    }

    [Fact]
    public void A_text_in_pieces_stays_within_its_header()
    {
        var buffer = new MsgPackBuffer();
        var text = buffer.BeginText();
        for (var i = 0; i < 10; i++) buffer.AppendText(new string('漢', 5_000));
        buffer.EndText(text);
        Assert.Equal(new string('漢', 21_845), MsgPack.Decode(buffer.Written));
    }

    [Fact]
    public void What_outgrows_the_limit_says_so_and_a_new_start_forgets_it()
    {
        var buffer = new MsgPackBuffer();
        for (var i = 0; i < 40; i++) buffer.Text(new string('a', 20_000));
        Assert.True(buffer.IsOverfull);
        Assert.True(buffer.Length <= MsgPackBuffer.MaxBytes);
        buffer.Reset();
        buffer.Text("again");
        Assert.Equal("again", MsgPack.Decode(buffer.Written));
    }
}
