using System.Text;
using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Ports;
using Apm.Storage.Documents;
using Apm.Storage.Events;
using Apm.Storage.Files;
using LiteDB;

namespace Apm.Storage.LiteDb;

/// <summary>
/// Events and answers of service checks in one LiteDB file (<c>events.db</c>): each a document of its id, JSON text and a checksum over both
/// (docs/formats/events.md). All of it is in memory as well.
/// </summary>
/// <remarks>
/// Thread-safe. What cannot be read is passed over and counted in <c>events_damaged</c>; a file that cannot be opened at all is set aside
/// and begun anew, which is told.
/// </remarks>
public sealed class LiteDbEventDatabase : IDisposable
{
    const string EventCollection = "events", CheckCollection = "checks";

    /// <summary>Histories in one write: LiteDB gets slow and fat beyond.</summary>
    const int DocumentsPerWrite = 256;

    readonly LiteDatabaseFile _file;
    readonly EventsOnDisk _events;
    readonly ChecksOnDisk _checks;

    /// <summary>Opens the file, making it when it is not there.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read or written.</exception>
    public LiteDbEventDatabase(string path, EventStoreSettings settings, LiteDatabaseSettings database, StoreFiles files, TimeProvider clock, Counters counters)
    {
        try
        {
            _file = Open(path, database, files, clock, counters);
        }
        catch (StoreUnavailableException damage) when (damage.InnerException is not (null or UnauthorizedAccessException or OutOfMemoryException) && damage.InnerException is not IOException or EndOfStreamException)
        {
            counters.Add("databases_damaged", Path.GetFileName(path));
            SetAside.Rename(files, path);
            SetAside.Rename(files, LiteDatabaseFile.LogPathOf(path));
            _file = Open(path, database, files, clock, counters);
            database.OnTrouble(
                $"The file of events {path} is damaged and was begun anew: events and answers of service checks from before are gone until it is restored; metrics, traces and dashboards are not concerned. " +
                $"The damaged file is kept as {Path.GetFileName(path)}{SetAside.Suffix}: stop Apm and put a good copy in its place, or delete it. ({damage.InnerException!.Message})");
        }
        _events = new EventsOnDisk(_file, settings, clock, counters, Read<EventRecord>(EventCollection, counters));
        _checks = new ChecksOnDisk(_file, settings, counters, Read<StoredChecks>(CheckCollection, counters).Select(stored => stored.Runs));
    }

    /// <summary>The events.</summary>
    public IEventStore Events => _events;

    /// <summary>The answers of service checks.</summary>
    public IServiceCheckStore Checks => _checks;

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _checks.Save();
        }
        catch (StoreUnavailableException)
        {
            // The next run of each check says it anew.
        }
        _events.Dispose();
        _checks.Dispose();
        _file.Dispose();
    }

    static LiteDatabaseFile Open(string path, LiteDatabaseSettings database, StoreFiles files, TimeProvider clock, Counters counters)
    {
        var file = new LiteDatabaseFile(path, [new LiteCollectionShape(EventCollection), new LiteCollectionShape(CheckCollection)], database, files, clock, counters);
        try
        {
            // LiteDB notices damage only where it goes.
            file.Count(EventCollection);
            file.Count(CheckCollection);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    List<T> Read<T>(string collection, Counters counters) where T : class
    {
        var read = new List<T>();
        foreach (var document in _file.FindAll(collection))
        {
            if (document["json"].IsString && document["check"].IsInt64 && document["check"].AsInt64 == CheckOf(document["_id"], document["json"].AsString) && DocumentJson.Read<T>(document["json"].AsString) is { } item) read.Add(item);
            else counters.Add("events_damaged", collection);
        }
        return read;
    }

    static BsonDocument Document(BsonValue id, string json) => new() { ["_id"] = id, ["json"] = json, ["check"] = CheckOf(id, json) };

    static long CheckOf(BsonValue id, string json) => Checksum.Then(Checksum.Of(Encoding.UTF8.GetBytes(id.ToString())), Encoding.UTF8.GetBytes(json));

    sealed class EventsOnDisk(LiteDatabaseFile file, EventStoreSettings settings, TimeProvider clock, Counters counters, IEnumerable<EventRecord> kept) : EventBook(settings, clock, counters, kept)
    {
        private protected override void Write(EventRecord? kept, IReadOnlyList<long> gone)
        {
            var changes = gone.Select(id => LiteChange.Remove(EventCollection, id)).ToList();
            if (kept is not null) changes.Add(LiteChange.Upsert(EventCollection, Document(kept.Id, DocumentJson.Write(kept))));
            file.Write(changes);
        }
    }

    sealed class ChecksOnDisk(LiteDatabaseFile file, EventStoreSettings settings, Counters counters, IEnumerable<IReadOnlyList<ServiceCheckRun>> kept) : ServiceCheckBook(settings, counters, kept)
    {
        private protected override void Write(IReadOnlyList<(string Id, IReadOnlyList<ServiceCheckRun> Runs)> changed, IReadOnlyList<string> removed)
        {
            foreach (var part in removed.Chunk(DocumentsPerWrite)) file.Write([.. part.Select(id => LiteChange.Remove(CheckCollection, id))]);
            foreach (var part in changed.Chunk(DocumentsPerWrite)) file.Write([.. part.Select(entry => LiteChange.Upsert(CheckCollection, Document(entry.Id, DocumentJson.Write(new StoredChecks(entry.Runs)))))]);
        }
    }

    sealed record StoredChecks(IReadOnlyList<ServiceCheckRun> Runs);
}
