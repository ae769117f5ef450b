using Apm.Storage.Files;
using LiteDB;
using LiteDB.Engine;

namespace Apm.Storage.LiteDb;

/// <summary>LiteDB, open, from one opening to the next failure.</summary>
/// <remarks>Not thread-safe: <see cref="LiteDatabaseFile"/> holds its lock around every call.</remarks>
sealed class LiteDatabaseSession : IDisposable
{
    readonly LiteDatabaseSettings _settings;
    readonly StoreFile _dataFile;
    readonly StoreFile _logFile;
    readonly LiteLogStream _log;
    readonly LiteDataStream _data;
    LiteDatabase? _database;

    /// <param name="committedPageCount">Log pages to keep after a failure; null to keep every whole commit that is found.</param>
    public static LiteDatabaseSession Open(
        string path, IReadOnlyList<LiteCollectionShape> collections, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, long? committedPageCount)
    {
        StoreFile? dataFile = null;
        StoreFile? logFile = null;
        LiteDatabaseSession? session = null;
        try
        {
            dataFile = files.Open(path);
            logFile = files.Open(LiteDatabaseFile.LogPathOf(path));
            files.FlushFolder(Path.GetDirectoryName(path)!);
            if (committedPageCount is { } pages) LiteLogStream.CutTo(logFile, pages);
            session = new LiteDatabaseSession(dataFile, logFile, settings, salt: unchecked((uint)clock.GetUtcNow().UtcTicks));
            session.Start(collections);
            return session;
        }
        catch
        {
            if (session is not null)
            {
                session.Dispose();
            }
            else
            {
                dataFile?.Dispose();
                logFile?.Dispose();
            }
            throw;
        }
    }

    LiteDatabaseSession(StoreFile dataFile, StoreFile logFile, LiteDatabaseSettings settings, uint salt)
    {
        _settings = settings;
        _dataFile = dataFile;
        _logFile = logFile;
        _log = new LiteLogStream(logFile, salt);
        _data = new LiteDataStream(dataFile, logIsEmpty: _log.Length == 0);
        _data.BeforeWrite = _log.FlushToDisk;
        _log.BeforeTruncate = _data.FlushToDisk;
    }

    public bool HadTornTail => _log.HadTornTail;

    public bool IsBroken => _log.Failure is not null || _data.Failure is not null;

    public long CommittedPageCount => _log.CommittedPageCount;

    public long ByteCount => _dataFile.Length + _logFile.Length;

    public ILiteCollection<BsonDocument> CollectionOf(string name) => _database!.GetCollection(name);

    public void Write(IReadOnlyList<LiteChange> changes)
    {
        _database!.BeginTrans();
        foreach (var change in changes)
        {
            var collection = CollectionOf(change.Collection);
            if (change.Document is null) collection.Delete(change.Id);
            else collection.Upsert(change.Document);
        }
        _database.Commit();
        MakeDurable();
        if (_log.CommittedPageCount > _settings.MaxLogPages) TryCheckpoint();
    }

    /// <summary>Carries the log over into the data file.</summary>
    public void Checkpoint()
    {
        if (IsBroken || _log.Length == 0) return;
        _database!.Checkpoint();
        if ((_log.Failure ?? _data.Failure) is { } failure) throw new IOException($"The log could not be carried over into the data file: {failure.Message}", failure);
        _log.FlushToDisk();
    }

    public void Dispose()
    {
        // What LiteDB would still write while closing is not wanted: everything acknowledged is in the log.
        var closing = new ObjectDisposedException(nameof(LiteDatabaseSession));
        _log.Stop(closing);
        _data.Stop(closing);
        try
        {
            _database?.Dispose();
        }
        catch (Exception)
        {
            // A broken engine may throw on closing; it is given up either way.
        }
        _dataFile.Dispose();
        _logFile.Dispose();
    }

    void Start(IReadOnlyList<LiteCollectionShape> collections)
    {
        // Ordinal: by default LiteDB takes "A" and "a" for the same id.
        _database = new LiteDatabase(new LiteEngine(new EngineSettings { DataStream = _data, LogStream = _log, Collation = Collation.Binary }));
        _data.FlushToDisk();
        if (_database.CheckpointSize != 0) _database.CheckpointSize = 0; // We say when: after a commit was acknowledged.
        foreach (var shape in collections)
        {
            if (!_database.CollectionExists(shape.Name)) MakeCollection(shape.Name);
            foreach (var field in shape.IndexedFields) CollectionOf(shape.Name).EnsureIndex(field);
        }
        MakeDurable();
    }

    void MakeCollection(string name)
    {
        // LiteDB makes a collection only with its first document.
        _database!.BeginTrans();
        CollectionOf(name).Insert(new BsonDocument { ["_id"] = "first" });
        CollectionOf(name).Delete("first");
        _database.Commit();
    }

    /// <summary>
    /// LiteDB's Commit returns while its writer thread may still be writing. It does know how long the log will be, and
    /// when the log stream is that long, one flush makes the commit durable.
    /// </summary>
    void MakeDurable()
    {
        _log.WaitForLength(AnnouncedLogBytes(), _settings.MaxWriterWait);
        _log.FlushToDisk();
    }

    long AnnouncedLogBytes()
    {
        using var reader = _database!.Execute("SELECT logFileSize FROM $database");
        reader.Read();
        return reader.Current["logFileSize"].AsInt64;
    }

    /// <summary>The write before it is acknowledged whatever happens here; a broken session is noticed by the next call.</summary>
    void TryCheckpoint()
    {
        try
        {
            Checkpoint();
        }
        catch (Exception failure)
        {
            _log.Stop(failure);
            _data.Stop(failure);
        }
    }
}
