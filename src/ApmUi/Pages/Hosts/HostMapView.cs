using Apm.ApmUi.Format;

namespace Apm.ApmUi.Pages.Hosts;

/// <summary>A host as a hexagon.</summary>
/// <param name="Level">0 to 4: of the value, below 50, 65, 80, 95 % or not; null when it is silent or tells none.</param>
/// <param name="Figure">The value, or why there is none.</param>
public sealed record HostHexagon(string Name, string Link, int? Level, string Figure, string Title);

/// <summary>What the map shows. Immutable.</summary>
public sealed record HostMapView
{
    /// <summary>By what hosts can be coloured: the word of the address, what is read, and the value.</summary>
    public static readonly IReadOnlyList<(string Key, string Word, Func<HostRow, double?> ValueOf)> Choices =
        [("cpu", "CPU", row => row.CpuRatio), ("memory", "Memory", row => row.MemoryRatio), ("disk", "Fullest disk", row => row.DiskRatio)];

    static readonly double[] Steps = [0.5, 0.65, 0.8, 0.95];

    /// <summary>The levels in words, for the legend.</summary>
    public static readonly IReadOnlyList<string> LevelWords = ["below 50 %", "50 %", "65 %", "80 %", "95 % and more"];

    /// <summary>Of <see cref="Choices"/>.</summary>
    public required string By { get; init; }

    /// <summary>Silent ones first, then the fullest, as they stand in the list.</summary>
    public required IReadOnlyList<HostHexagon> Hexagons { get; init; }

    /// <summary>The level of a share from 0 to 1.</summary>
    public static int LevelOf(double ratio) => Steps.Count(step => ratio >= step);

    /// <param name="by">From the address; CPU when it is none of them.</param>
    public static HostMapView Of(HostsView hosts, string? by)
    {
        var choice = Choices.FirstOrDefault(known => known.Key == by, Choices[0]);
        return new HostMapView
        {
            By = choice.Key,
            Hexagons = [.. hosts.Rows.OrderBy(row => row.IsUp).ThenByDescending(row => row.IsUp ? choice.ValueOf(row) ?? -1 : 0).ThenBy(row => row.Name, StringComparer.OrdinalIgnoreCase).Select(row => HexagonOf(row, choice.Word, choice.ValueOf(row)))],
        };
    }

    static HostHexagon HexagonOf(HostRow row, string word, double? ratio)
    {
        var value = ratio is { } known ? Math.Clamp(known, 0, 1) : (double?)null;
        var figure = !row.IsUp ? "silent" : value is { } told ? Figure.Percent(told) : Figure.None;
        var facts = new[] { row.IsUp ? "up" : $"silent, {row.Seen}", value is { } of ? $"{word} {Figure.Percent(of)}" : $"{word} not told", row.Services.Count > 0 ? "services " + string.Join(", ", row.Services) : "", row.Tags.Count > 0 ? string.Join(", ", row.Tags.Take(8)) : "" };
        return new HostHexagon(row.Name, row.Link, row.IsUp && value is { } level ? LevelOf(level) : null, figure, $"{row.Name}: {string.Join("; ", facts.Where(fact => fact.Length > 0))}");
    }
}
