using Apm.Core.Monitors;

namespace Apm.Core.Ports;

/// <summary>The chart that a message shows: what a monitor looked at, for one group, around the time of an alert.</summary>
/// <param name="Rule">As it was then.</param>
/// <param name="GroupTags">Tags of the group; none for a monitor without groups.</param>
/// <param name="FromUnixSeconds">Left end.</param>
/// <param name="ToUnixSeconds">Right end, excluded.</param>
public sealed record AlertChart(MonitorRule Rule, IReadOnlyList<string> GroupTags, long FromUnixSeconds, long ToUnixSeconds)
{
    /// <summary>Of the picture, in pixels.</summary>
    public int Width { get; init; } = 600;

    /// <inheritdoc cref="Width"/>
    public int Height { get; init; } = 300;
}

/// <summary>Has the pictures of charts for where no browser draws them: mails.</summary>
public interface IChartPictures
{
    /// <summary>The chart as PNG; null when it cannot be drawn, such as for a query without series. Any thread; may take a second.</summary>
    byte[]? DrawPng(AlertChart chart, CancellationToken cancel);

    /// <summary>The picture of a snapshot as PNG; null when it is gone, or cannot be read just now. Any thread.</summary>
    byte[]? KeptPng(string snapshotId);
}
