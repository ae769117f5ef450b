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
    const int FittingLetters = 15;

    /// <summary>The name as far as it fits.</summary>
    public string ShortName => Name.Length <= FittingLetters ? Name : Name[..(FittingLetters - 1)] + "…";
}

/// <summary>One edge as it is drawn.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="State">As of a node: its colour.</param>
/// <param name="Label">Shown beside it when it is looked at.</param>
public sealed record DrawnEdge(string From, string To, double Width, string State, string Label, string Link, string Title);

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
