namespace Apm.Core.Endpoints;

/// <summary>
/// When many different segments at one place are values of a parameter, and which of them are words all the same. Pure: the same
/// place gives the same answer.
/// </summary>
static class FoldRule
{
    /// <summary>Whether the segments of a place are to become one placeholder.</summary>
    public static bool Applies(PathNode node)
    {
        if (node.IsFolded) return false;
        var (count, rare, weight) = (0, 0, 0);
        foreach (var (segment, child) in node.Children)
        {
            if (PathNode.IsPlaceholder(segment) || SegmentShapes.IsPlaceholder(segment)) continue;
            count++;
            if (child.Visits >= TemplateLimits.OftenVisits || CommonWords.Contain(segment)) continue;
            rare++;
            weight += WeightOf(segment);
        }
        if (count > TemplateLimits.MaxChildren) return true;
        // Where some are values by their look already, the others soon are as well.
        var limit = node.HasValuesByLook ? TemplateLimits.MaxRareBesideValues : node.Depth switch { 0 => TemplateLimits.MaxRareChildrenFirst, 1 => TemplateLimits.MaxRareChildrenSecond, _ => TemplateLimits.MaxRareChildren };
        return weight > limit && rare * 4 >= count * 3;
    }

    /// <summary>Whether a segment stays when its place is folded: a word of routes, or one called often before.</summary>
    public static bool Keeps(PathNode node, string segment, PathNode child)
    {
        if (PathNode.IsPlaceholder(segment) || SegmentShapes.IsPlaceholder(segment) || CommonWords.Contain(segment)) return true;
        return node.Children.Count > TemplateLimits.MaxChildren ? child.Visits * 20L >= Math.Max(1, node.Visits) : child.Visits >= TemplateLimits.OftenVisits;
    }

    /// <summary>How much a segment looks like a value: numerals and several words weigh more than a word.</summary>
    static int WeightOf(string segment)
    {
        var weight = 1 + Math.Min(3, segment.Count('-') + segment.Count('_'));
        if (segment.AsSpan().ContainsAnyInRange('0', '9')) weight += 3;
        return weight;
    }
}
