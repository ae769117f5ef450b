using System.Text;
using Apm.ApmUi.Format;

namespace Apm.ApmUi.Map;

/// <summary>One node as it is drawn.</summary>
/// <param name="Id">Distinct.</param>
/// <param name="Name">Upper line; cut to fit.</param>
/// <param name="Line">Lower line: rate and errors.</param>
/// <param name="Color">Token of the bar at its left.</param>
/// <param name="State"><c>ok</c>, <c>warn</c>, <c>error</c> or <c>none</c>: its border.</param>
/// <param name="Icon">Of its type.</param>
/// <param name="IsInferred">Dashed: it is known only from calls to it.</param>
/// <param name="Link">What a click leads to.</param>
/// <param name="Title">What hovering tells.</param>
public sealed record DrawnNode(string Id, string Name, string Line, string Color, string State, string Icon, bool IsInferred, string Link, string Title)
{
    /// <summary>How many nodes it stands for, as a group; 0 for a node.</summary>
    public int GroupedCount { get; init; }

    /// <summary>The name as far as it fits; a longer one loses its middle, since names of one family differ at their ends.</summary>
    public string ShortName => MapText.Fit(Name, MapLayout.NodeWidth - NameLeft - 8);

    /// <summary>Where the name begins, in pixels from the node's left.</summary>
    public const double NameLeft = 33;
}

/// <summary>How much room text takes, without a browser to ask.</summary>
public static class MapText
{
    /// <summary>So wide a letter of a name is at most in the fonts that the interface falls back to, at 12 px: bold DejaVu Sans is the widest.</summary>
    static double WidthOf(char letter) => letter switch
    {
        'i' or 'l' or 'j' or '.' or ',' or ':' or '\'' or '|' or '!' or 'I' => 4.6,
        't' or 'f' or 'r' or ' ' or '-' or '/' or '(' or ')' => 5.8,
        'm' or 'w' or 'M' or 'W' or '@' or '%' or '…' => 12.5,
        >= 'A' and <= 'Z' => 9.5,
        > '\u2000' => 13,
        _ => 8.2,
    };

    /// <summary>The estimated width of a text, in pixels.</summary>
    public static double WidthOf(string text)
    {
        var sum = 0.0;
        foreach (var letter in text) sum += WidthOf(letter);
        return sum;
    }

    /// <summary>The text, or as much of its beginning and end as fits around an ellipsis.</summary>
    public static string Fit(string text, double width)
    {
        if (WidthOf(text) <= width) return text;
        var left = width - WidthOf('…');
        var (head, tail) = (0, text.Length);
        // Two letters of the beginning for each of the end.
        for (var turn = 0; head < tail; turn++)
        {
            var isTail = turn % 3 == 2;
            left -= WidthOf(isTail ? text[tail - 1] : text[head]);
            if (left < 0) break;
            if (isTail) tail--;
            else head++;
        }
        if (head > 0 && char.IsHighSurrogate(text[head - 1])) head--;
        if (tail < text.Length && char.IsLowSurrogate(text[tail])) tail++;
        return text[..head].TrimEnd() + "…" + text[tail..].TrimStart();
    }
}

/// <summary>One edge as it is drawn.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="State">As of a node: its colour.</param>
/// <param name="Label">Shown beside it when it is looked at.</param>
public sealed record DrawnEdge(string From, string To, double Width, string State, string Label, string Link, string Title)
{
    /// <summary>How it is known: <c>both</c>, <c>client</c> (dashed) or <c>lost</c> (dotted).</summary>
    public string Confidence { get; init; } = "both";

    /// <summary>Always shown beside it, such as <c>new</c>; "" for nothing.</summary>
    public string Mark { get; init; } = "";
}

/// <summary>Paths of edges.</summary>
public static class MapPaths
{
    /// <summary>The thickness for a rate: logarithmic, 1.25 to 5 px.</summary>
    public static double WidthOf(double callsPerSecond) => Math.Clamp(1.25 + Math.Log10(1 + callsPerSecond * 10) * 1.1, 1.25, 5);

    /// <summary>The state for an error rate: from 1 % a warning, from 5 % an error.</summary>
    public static string StateOf(double errorRate) => errorRate >= 0.05 ? "error" : errorRate >= 0.01 ? "warn" : "ok";

    /// <summary>A smooth path through the points; leaves rightwards and arrives from the left.</summary>
    public static string Of(IReadOnlyList<MapPoint> points)
    {
        var path = new StringBuilder().Append('M').Append(Figure.Plain(points[0].X)).Append(' ').Append(Figure.Plain(points[0].Y));
        for (var i = 1; i < points.Count; i++)
        {
            var (a, b) = (points[i - 1], points[i]);
            var (first, last) = (i == 1, i == points.Count - 1);
            // An edge that leads back swings out before it turns.
            var reach = b.X > a.X ? (b.X - a.X) / 2 : 60;
            var leaves = first || b.X > a.X ? reach : -Math.Abs(b.X - a.X) / 2;
            var enters = last || b.X > a.X ? reach : -Math.Abs(b.X - a.X) / 2;
            path.Append('C').Append(Figure.Plain(a.X + leaves)).Append(' ').Append(Figure.Plain(a.Y)).Append(' ')
                .Append(Figure.Plain(b.X - enters)).Append(' ').Append(Figure.Plain(b.Y)).Append(' ')
                .Append(Figure.Plain(b.X)).Append(' ').Append(Figure.Plain(b.Y));
        }
        return path.ToString();
    }

    /// <summary>Where a label stands: the middle of the middle stretch.</summary>
    public static MapPoint MiddleOf(IReadOnlyList<MapPoint> points)
    {
        var i = points.Count / 2;
        return new MapPoint((points[i - 1].X + points[i].X) / 2, (points[i - 1].Y + points[i].Y) / 2);
    }
}
