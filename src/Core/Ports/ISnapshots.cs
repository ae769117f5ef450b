namespace Apm.Core.Ports;

/// <summary>A picture that somebody wants of a graph (metrics-monitors §4.15, §11).</summary>
/// <param name="Queries">Metric queries, drawn on one chart; at least one, or none of a picture that shows something else than metrics.</param>
/// <param name="FromUnixSeconds">Left end.</param>
/// <param name="ToUnixSeconds">Right end, excluded, later than the left one.</param>
public sealed record SnapshotOrder(IReadOnlyList<string> Queries, long FromUnixSeconds, long ToUnixSeconds)
{
    /// <summary>Least width and height of a picture, pixels.</summary>
    public const int MinPixels = 100;

    /// <summary>Greatest width and height; default 2,000 pixels.</summary>
    public const int MaxPixels = 2_000;

    /// <summary>"" for the queries themselves.</summary>
    public string Title { get; init; } = "";

    /// <summary>Events drawn as bars, in the words of the search of events; "" for none.</summary>
    public string EventQuery { get; init; } = "";

    /// <summary>Pixels, within what is drawn at all; 0 for the usual 600.</summary>
    public int Width { get; init; }

    /// <summary>Pixels; 0 for the usual 300.</summary>
    public int Height { get; init; }
}

/// <summary>A picture that was taken and is kept.</summary>
/// <param name="Id">40 hexadecimal digits that nobody guesses.</param>
/// <param name="TakenUnixSeconds">When.</param>
public sealed record Snapshot(string Id, SnapshotOrder Order, long TakenUnixSeconds)
{
    /// <summary>Start and end of the picture's address, seen from the site's root; its id stands between them.</summary>
    public const string PicturePath = "/snapshot/view/", PictureEnding = ".png";

    /// <summary>What was said of it by whoever shared it from a page; null for one that was only taken.</summary>
    public SnapshotNote? Note { get; init; }
}

/// <summary>What somebody said of a chart, and where the chart is.</summary>
/// <param name="Author">Who.</param>
/// <param name="Comment">Markdown, mentions among it; "" for none.</param>
/// <param name="Page">The page of the live chart, over the same time; an address from the site's root.</param>
/// <param name="Shown">What a chart shows that is not of metric queries, in words; "" for one of metrics.</param>
public sealed record SnapshotNote(string Author, string Comment, string Page, string Shown);

/// <summary>Takes pictures of graphs and keeps them at an address of their own.</summary>
/// <remarks>Any thread.</remarks>
public interface ISnapshots
{
    /// <summary>Draws and keeps a picture. It is there when this returns.</summary>
    /// <exception cref="SnapshotException">A query cannot be drawn; the message says which, where and why.</exception>
    /// <exception cref="StoreUnavailableException">Numbers cannot be read, or the picture cannot be kept. Safe to retry.</exception>
    Snapshot Take(SnapshotOrder order, CancellationToken cancel);

    /// <summary>Keeps a picture that was drawn already, with what was said of it.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be kept. Safe to retry.</exception>
    Snapshot Keep(SnapshotOrder order, SnapshotNote? note, ReadOnlySpan<byte> png);

    /// <summary>One that is kept; null when there is none of that id, or no longer.</summary>
    Snapshot? Find(string id);

    /// <summary>Its PNG; null when it is gone.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    byte[]? Png(string id);
}

/// <summary>A graph cannot be drawn; the message is for whoever asked.</summary>
public sealed class SnapshotException(string message, Exception? because = null) : Exception(message, because);

/// <summary>Keeps pictures by name.</summary>
/// <remarks>Any thread. Every call may throw <see cref="StoreUnavailableException"/>; safe to retry.</remarks>
public interface IPictureStore
{
    /// <summary>Keeps one, durably.</summary>
    void Keep(string id, ReadOnlySpan<byte> png);

    /// <summary>Null when there is none.</summary>
    byte[]? Find(string id);

    /// <summary>Nothing happens when there is none.</summary>
    void Remove(string id);
}
