namespace Apm.Query.Text;

/// <summary>A stretch of a query's text, counted in UTF-16 units from 0.</summary>
public readonly record struct TextRange(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>As people count: from 1.</summary>
    public int Column => Start + 1;

    /// <summary>The stretch from the start of one to the end of another.</summary>
    public static TextRange Join(TextRange first, TextRange last) => new(first.Start, Math.Max(0, last.End - first.Start));
}
