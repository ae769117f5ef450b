using System.Text;
using System.Text.Unicode;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>Takes the values out of a statement and leaves its shape (trace-intake §5.2), so that what it was run with is not kept and equal statements are equal texts.</summary>
static class SqlObfuscator
{
    /// <summary>What a statement becomes whose values cannot be told from its names.</summary>
    public const string NonParsable = "Non-parsable SQL query";

    /// <summary>Writes the statement without its values.</summary>
    /// <returns>False when the text is no SQL, or nothing but comments; what was written must not be used then.</returns>
    public static bool TryObfuscate(ReadOnlySpan<byte> sql, SqlDialect dialect, bool replaceDigits, BoundedText output)
    {
        if (!Utf8.IsValid(sql)) return false;
        // Databases differ in what a backslash means. Read wrongly, the text does not come out even, because an escaped quote
        // then stands outside of a string with a backslash before it; so the first reading that comes out even is right.
        return TryRead(sql, dialect, backslashEscapes: false, replaceDigits, output)
            || (sql.Contains((byte)'\\') && TryRead(sql, dialect, backslashEscapes: true, replaceDigits, output));
    }

    static bool TryRead(ReadOnlySpan<byte> sql, SqlDialect dialect, bool backslashEscapes, bool replaceDigits, BoundedText output)
    {
        output.Clear();
        var lexer = new SqlLexer(sql, dialect, backslashEscapes);
        var writer = new SqlWriter(output, dialect, replaceDigits);
        while (true)
        {
            switch (lexer.Next(out var text))
            {
                case SqlTokenKind.End: return output.Length > 0;
                case SqlTokenKind.Invalid: return false;
                case var kind: writer.Add(kind, text); break;
            }
        }
    }

    /// <summary>As <see cref="TryObfuscate"/> for a text; <see cref="NonParsable"/> when it is no SQL.</summary>
    public static string Obfuscate(string sql, SqlDialect dialect, bool replaceDigits, int maxBytes)
    {
        var output = new BoundedText(maxBytes);
        return TryObfuscate(Encoding.UTF8.GetBytes(sql), dialect, replaceDigits, output) ? Encoding.UTF8.GetString(output.Written) : NonParsable;
    }
}
