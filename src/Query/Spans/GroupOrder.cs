using Apm.Core.Time;

namespace Apm.Query.Spans;

/// <summary>Chooses and orders groups: the first field's values by its sort and up to its limit, within each the second's, and so on.</summary>
static class GroupOrder
{
    /// <summary>Indexes of the groups that are given, in order.</summary>
    public static List<int> Choose(GroupedCells cells, SpanAggregationRequest request)
    {
        var all = Enumerable.Range(0, cells.GroupCount).ToList();
        var chosen = Choose(cells, request, all, 0);
        return chosen.Count > request.MaxGroupsGiven ? chosen[..request.MaxGroupsGiven] : chosen;
    }

    static List<int> Choose(GroupedCells cells, SpanAggregationRequest request, List<int> groups, int field)
    {
        if (field == request.GroupBy.Count) return groups;
        var by = request.GroupBy[field];
        var seconds = request.Range.LengthNanos / (double)UnixTime.NanosPerSecond;
        var parts = groups.GroupBy(group => cells.ValueNumber(group, field)).Select(part =>
        {
            var members = part.ToList();
            return (Members: members, Text: cells.ValuesOf(members[0])[field], Number: by.SortBy < 0 ? null : cells.ReadTogether(members, by.SortBy, seconds));
        }).ToList();
        parts.Sort((left, right) =>
        {
            var order = by.SortBy < 0 ? string.CompareOrdinal(left.Text, right.Text) : CompareNumbers(left.Number, right.Number, by.IsAscending);
            if (by.SortBy < 0 && !by.IsAscending) order = -order;
            return order != 0 ? order : string.CompareOrdinal(left.Text, right.Text);
        });
        return [.. parts.Take(Math.Clamp(by.Limit, 1, request.MaxGroupsGiven)).SelectMany(part => Choose(cells, request, part.Members, field + 1))];
    }

    /// <summary>What has no number comes last, whichever the direction.</summary>
    static int CompareNumbers(double? left, double? right, bool isAscending)
    {
        if (left is null || right is null) return (left is null).CompareTo(right is null);
        return isAscending ? left.Value.CompareTo(right.Value) : right.Value.CompareTo(left.Value);
    }
}
