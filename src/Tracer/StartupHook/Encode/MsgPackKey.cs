using System.Text;

namespace Apm.StartupHook.Encode;

/// <summary>Texts that never change, encoded once.</summary>
internal static class MsgPackKey
{
    /// <summary>One text.</summary>
    public static byte[] Of(string text)
    {
        var buffer = new MsgPackBuffer();
        Write(buffer, text);
        return buffer.Written.ToArray();
    }

    /// <summary>Keys and values, one after the other: a block of tags.</summary>
    public static byte[] Block(IEnumerable<KeyValuePair<string, string>> tags)
    {
        var buffer = new MsgPackBuffer();
        foreach (var (key, value) in tags)
        {
            Write(buffer, key);
            Write(buffer, value);
        }
        return buffer.Written.ToArray();
    }

    // In the shortest form, as it is sent again and again.
    static void Write(MsgPackBuffer buffer, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length > 31)
        {
            buffer.Text(text);
            return;
        }
        buffer.Raw([(byte)(0xa0 | utf8.Length)]);
        buffer.Raw(utf8);
    }
}
