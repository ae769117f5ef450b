using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using LiteDB;

namespace Apm.Storage.LiteDb;

/// <summary>
/// The one way to LiteDB. LiteDB 5.0.20 mixes up answers under concurrent calls, acknowledges a commit before its own
/// writer thread has written it, and asks for a flush per page; so here every call runs alone, nothing lazy leaves the
/// lock, and a write returns when its log pages are written and flushed once.
/// </summary>
/// <remarks>
/// Thread-safe; calls wait for each other. After a crash the file holds all acknowledged writes, and at most one that was
/// not acknowledged, whole. After a failed write the file is closed, set back to the last acknowledged write, and opened
/// again by the next call. Neither Rebuild nor large deletes: LiteDB does both badly.
/// </remarks>
public sealed class LiteDatabaseFile : IDisposable
{
    readonly Lock _lock = new();
    readonly string _path;
    readonly IReadOnlyList<LiteCollectionShape> _collections;
    readonly LiteDatabaseSettings _settings;
    readonly StoreFiles _files;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly ITimer _watchdog;

    LiteDatabaseSession? _session;
    string _callInProgress = "";
    long? _committedPageCount;
    int _sessionDocuments;
    bool _isDisposed;

    /// <summary>Opens the file, making it when it is not there.</summary>
    /// <param name="path">The data file; its log is <see cref="LogPathOf"/> beside it.</param>
    /// <param name="collections">Made now with their indexes, so that no later call has to.</param>
    /// <exception cref="StoreUnavailableException">It cannot be opened or is damaged.</exception>
    public LiteDatabaseFile(
        string path, IReadOnlyList<LiteCollectionShape> collections, LiteDatabaseSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        _path = path;
        _collections = collections;
        _settings = settings;
        _files = files;
        _clock = clock;
        _counters = counters;
        _watchdog = clock.CreateTimer(_ => TellOfSlowCall(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            Call("open", OpenedSession_NeedsLock);
        }
        catch
        {
            _watchdog.Dispose();
            throw;
        }
    }

    /// <summary>Where the log of a data file stands; empty after an orderly end.</summary>
    public static string LogPathOf(string path) => path + ".wal";

    /// <summary>Bytes of the data file and its log.</summary>
    public long ByteCount => Call("measure", () => OpenedSession_NeedsLock().ByteCount);

    /// <summary>One document; null when there is none of that id.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read. Safe to retry.</exception>
    public BsonDocument? Find(string collection, BsonValue id) =>
        Call("find", () => CollectionOf_NeedsLock(collection).FindById(id));

    /// <summary>All documents of a collection, by ascending id.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read. Safe to retry.</exception>
    public IReadOnlyList<BsonDocument> FindAll(string collection) =>
        Call("find all", () => Passed_NeedsLock(CollectionOf_NeedsLock(collection).Find(Query.All("_id")).ToArray()));

    /// <summary>The documents whose field lies between two values (both included), by ascending field.</summary>
    /// <param name="field">One of the collection's indexed fields, or <c>_id</c>.</param>
    /// <exception cref="StoreUnavailableException">The file cannot be read. Safe to retry.</exception>
    public IReadOnlyList<BsonDocument> FindBetween(string collection, string field, BsonValue from, BsonValue to) =>
        Call("find between", () => Passed_NeedsLock(CollectionOf_NeedsLock(collection).Find(Query.Between(field, from, to)).OrderBy(document => document[field]).ToArray()));

    /// <summary>How many documents a collection holds.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read. Safe to retry.</exception>
    public int Count(string collection) => Call("count", () => CollectionOf_NeedsLock(collection).Count());

    /// <summary>Makes all the changes, in order, or none; they are on disk when it returns.</summary>
    /// <param name="changes">At most <see cref="LiteDatabaseSettings.MaxChangesPerWrite"/>; of collections that were named at opening.</param>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public void Write(params IReadOnlyList<LiteChange> changes)
    {
        if (changes.Count == 0) return;
        if (changes.Count > _settings.MaxChangesPerWrite)
            throw new ArgumentException($"{changes.Count} changes in one write; at most {_settings.MaxChangesPerWrite} are taken. Split them.", nameof(changes));
        foreach (var change in changes) Check(change);

        Call("write", () =>
        {
            OpenedSession_NeedsLock().Write(changes);
            RenewWhenDue_NeedsLock(changes.Count);
            return 0;
        });
    }

    /// <summary>Carries the log over into the data file and closes.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            try
            {
                _session?.Checkpoint();
            }
            catch (Exception)
            {
                _counters.Add("database_failures", Path.GetFileName(_path)); // The log still has it all.
            }
            Close_NeedsLock();
            _watchdog.Dispose();
        }
    }

    void Check(LiteChange change)
    {
        if (_collections.All(shape => shape.Name != change.Collection))
            throw new ArgumentException($"The collection {change.Collection} was not named when {Path.GetFileName(_path)} was opened.");
        if (change.Id.IsString && Encoding.UTF8.GetByteCount(change.Id.AsString) > MaxIdBytes)
            throw new ArgumentException($"An id of {change.Collection} is longer than {MaxIdBytes} bytes.");
        if (change.Document is not null && BsonSerializer.Serialize(change.Document).Length > _settings.MaxDocumentBytes)
            throw new ArgumentException(
                $"The document {change.Id} of {change.Collection} is larger than {_settings.MaxDocumentBytes} bytes. Make it smaller or split it.");
    }

    /// <summary>Longest text as an id, in UTF-8; LiteDB's own limit is 1023.</summary>
    public const int MaxIdBytes = 1_000;

    /// <summary>Everything that touches LiteDB passes here: alone, watched, and with a reopening after a failure.</summary>
    T Call<T>(string what, Func<T> action)
    {
        if (!_lock.TryEnter(_settings.MaxWait))
        {
            _counters.Add("database_calls_refused", Path.GetFileName(_path));
            throw new StoreUnavailableException(
                $"The database {_path} has been busy for {_settings.MaxWait.TotalSeconds:0} s with one call ({_callInProgress}). Try again; if this lasts, check the disk.");
        }
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _callInProgress = what;
            _watchdog.Change(_settings.SlowCall, Timeout.InfiniteTimeSpan);
            return action();
        }
        catch (Exception failure) when (failure is not (ObjectDisposedException or StoreUnavailableException) || _session?.IsBroken == true)
        {
            _counters.Add("database_failures", Path.GetFileName(_path));
            Close_NeedsLock();
            throw new StoreUnavailableException(
                $"The database {_path} failed ({what}): {failure.Message} Nothing was changed, and the next call opens it again. " +
                "If this repeats, check that the disk is not full and that the folder can be written.", failure);
        }
        finally
        {
            _watchdog.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _callInProgress = "";
            _lock.Exit();
        }
    }

    LiteDatabaseSession OpenedSession_NeedsLock()
    {
        if (_session is { IsBroken: true }) Close_NeedsLock();
        if (_session is not null) return _session;
        _session = LiteDatabaseSession.Open(_path, _collections, _settings, _files, _clock, _committedPageCount);
        _committedPageCount = null;
        if (_session.HadTornTail) _counters.Add("database_torn_tails", Path.GetFileName(_path));
        return _session;
    }

    ILiteCollection<BsonDocument> CollectionOf_NeedsLock(string collection) => OpenedSession_NeedsLock().CollectionOf(collection);

    BsonDocument[] Passed_NeedsLock(BsonDocument[] documents)
    {
        RenewWhenDue_NeedsLock(documents.Length);
        return documents;
    }

    /// <summary>LiteDB keeps the pages it has met and gives none back while it is open: some 40 MB after an hour of catalogue entries.</summary>
    void RenewWhenDue_NeedsLock(int documents)
    {
        _sessionDocuments += documents;
        if (_sessionDocuments < _settings.MaxSessionDocuments) return;
        try
        {
            _session?.Checkpoint();
        }
        catch (Exception)
        {
            _counters.Add("database_failures", Path.GetFileName(_path)); // The log still has it all.
        }
        Close_NeedsLock(); // The next call opens it again.
    }

    void Close_NeedsLock()
    {
        _sessionDocuments = 0;
        if (_session is null) return;
        _committedPageCount = _session.CommittedPageCount;
        _session.Dispose();
        _session = null;
    }

    void TellOfSlowCall()
    {
        var what = _callInProgress;
        if (what.Length == 0) return;
        _counters.Add("database_calls_slow", Path.GetFileName(_path));
        _settings.OnSlowCall($"A call ({what}) of the database {_path} has been running for {_settings.SlowCall.TotalSeconds:0.#} s. The disk may be slow or failing.");
    }
}
