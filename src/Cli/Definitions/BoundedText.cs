using System.Globalization;
using System.Text;

namespace Apm.Cli.Definitions;

/// <summary>Reads texts that may be endless: a pipe and a device do not say how long they are.</summary>
static class BoundedText
{
    /// <summary>The whole file.</summary>
    /// <param name="maxBytes">Longest file; of what does not say its size, as many characters.</param>
    /// <exception cref="FormatException">It is longer.</exception>
    public static string ReadFile(string path, long maxBytes)
    {
        if (new FileInfo(path) is { Exists: true, Length: var length } && length > maxBytes) throw TooLong(string.Create(CultureInfo.InvariantCulture, $"it has {length} bytes, more than {maxBytes}"));
        using var reader = new StreamReader(path);
        return Read(reader, maxBytes);
    }

    /// <summary>All that a reader gives.</summary>
    /// <exception cref="FormatException">It gives more characters than <paramref name="maxChars"/>.</exception>
    public static string Read(TextReader reader, long maxChars)
    {
        var text = new StringBuilder();
        var buffer = new char[16 * 1024];
        int read;
        while ((read = reader.Read(buffer)) > 0)
        {
            text.Append(buffer, 0, read);
            if (text.Length > maxChars) throw TooLong(string.Create(CultureInfo.InvariantCulture, $"it has more than {maxChars} characters"));
        }
        return text.ToString();
    }

    static FormatException TooLong(string what) => new(what + ". Split it.");
}
