using System.Security.Cryptography;
using Apm.ApmUi.Charts;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Text;

namespace Apm.ApmUi.Snapshots;

/// <summary>Takes pictures of metric queries, and keeps the newest.</summary>
/// <remarks>Any thread; one picture is taken at a time.</remarks>
public sealed class SnapshotBook : ISnapshots
{
    /// <summary>Pictures kept; default 2,000, about 50 kB each. The oldest makes room (<c>snapshots_dropped</c>).</summary>
    public const int MaxKept = 2_000;

    const string Collection = "snapshots";
    const int IdBytes = 20;

    readonly MetricQueries _queries;
    readonly IEventStore _events;
    readonly IDocumentStore _documents;
    readonly IPictureStore _pictures;
    readonly Counters _counters;
    readonly TimeProvider _clock;
    readonly Lock _taking = new();
    readonly Dictionary<string, Snapshot> _byId;

    /// <exception cref="StoreUnavailableException">What was kept cannot be read.</exception>
    public SnapshotBook(MetricQueries queries, IEventStore events, IDocumentStore documents, IPictureStore pictures, Counters counters, TimeProvider clock)
    {
        (_queries, _events, _documents, _pictures, _counters, _clock) = (queries, events, documents, pictures, counters, clock);
        _byId = documents.FindAll<Snapshot>(Collection).ToDictionary(snapshot => snapshot.Id, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public Snapshot Take(SnapshotOrder order, CancellationToken cancel)
    {
        if (order.ToUnixSeconds <= order.FromUnixSeconds) throw new SnapshotException($"The time is empty: its end ({order.ToUnixSeconds}) must be later than its start ({order.FromUnixSeconds}).");
        lock (_taking) return Keep(order, note: null, Draw(order, cancel));
    }

    /// <inheritdoc/>
    public Snapshot Keep(SnapshotOrder order, SnapshotNote? note, ReadOnlySpan<byte> png)
    {
        lock (_taking)
        {
            // Whoever has the address may see the picture, so it is not to be guessed.
            var snapshot = new Snapshot(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), order, _clock.GetUtcNow().ToUnixTimeSeconds()) { Note = note };
            _pictures.Keep(snapshot.Id, png);
            _documents.Store(Collection, snapshot.Id, snapshot);
            lock (_byId) _byId[snapshot.Id] = snapshot;
            _counters.Add("snapshots_taken");
            DropOldest();
            return snapshot;
        }
    }

    /// <inheritdoc/>
    public Snapshot? Find(string id)
    {
        lock (_byId) return _byId.GetValueOrDefault(id);
    }

    /// <inheritdoc/>
    public byte[]? Png(string id) => Find(id) is null ? null : _pictures.Find(id);

    byte[] Draw(SnapshotOrder order, CancellationToken cancel)
    {
        var range = new TimeRange(order.FromUnixSeconds * UnixTime.NanosPerSecond, order.ToUnixSeconds * UnixTime.NanosPerSecond);
        var answers = new List<DrawnAnswer>();
        foreach (var query in order.Queries)
        {
            try
            {
                answers.Add(new DrawnAnswer(_queries.Evaluate(query, range, new QueryOptions { GivesHints = false }, cancel)));
            }
            catch (Exception wrong) when (wrong is QueryTextException or QueryLimitException)
            {
                throw new SnapshotException($"The query \"{query}\" cannot be drawn: {wrong.Message}", wrong);
            }
        }
        var chart = MetricChart.Of(range, answers);
        try
        {
            if (order.EventQuery.Length > 0) chart = chart with { Marks = EventMarks.Marks([_events], [order.EventQuery], range) };
        }
        catch (QueryTextException wrong)
        {
            throw new SnapshotException($"The search for events \"{order.EventQuery}\" cannot be understood: {wrong.Message}", wrong);
        }
        var title = order.Title.Length > 0 ? order.Title : string.Join(", ", order.Queries);
        var usual = new PictureFrame(title, TimeZoneInfo.Utc);
        return ChartPainter.PaintPng(chart, usual with { Width = order.Width > 0 ? order.Width : usual.Width, Height = order.Height > 0 ? order.Height : usual.Height });
    }

    void DropOldest()
    {
        while (true)
        {
            Snapshot? oldest;
            lock (_byId)
            {
                if (_byId.Count <= MaxKept) return;
                oldest = _byId.Values.MinBy(snapshot => snapshot.TakenUnixSeconds);
                _byId.Remove(oldest!.Id);
            }
            _documents.Remove(Collection, oldest.Id);
            _pictures.Remove(oldest.Id);
            _counters.Add("snapshots_dropped");
        }
    }
}
