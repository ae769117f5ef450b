using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ports;

namespace Apm.Storage.Files;

/// <summary>When the intake stops for want of disk space, and when it goes on.</summary>
public sealed record DiskGuardSettings
{
    /// <summary>Nothing is taken in while less than this is free; default null: 1 GiB, or 5 % of the disk when that is less.</summary>
    public long? StopBelowBytes { get; init; }

    /// <summary>Bytes of <see cref="StopBelowBytes"/> when it is null, unless 5 % of the disk are less.</summary>
    public const long DefaultStopBelowBytes = 1_073_741_824;

    /// <summary>Which part of a small disk is kept free: a twentieth.</summary>
    public const int SmallDiskDivisor = 20;

    /// <summary>How long a look at the disk counts; default 1 s.</summary>
    public TimeSpan MeasureEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told in a sentence when the intake stops and when it goes on. Default: nobody.</summary>
    public Action<string> OnChange { get; init; } = static _ => { };
}

/// <summary>
/// Stops the intake while the disk is nearly full, so that what is in already can be stored, counted and kept in order,
/// and lets it go on by itself when there is room again: a fifth more than where it stopped, so that it does not flutter.
/// </summary>
/// <remarks>Thread-safe. Between two looks at the disk a question costs a few nanoseconds.</remarks>
public sealed class DiskGuard : IDiskGuard
{
    readonly Lock _measuring = new();
    readonly string _folder;
    readonly DiskGuardSettings _settings;
    readonly StoreFiles _files;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    long _measuredAt;
    long _bytesUntilNextLook;
    long _freeBytes = long.MaxValue;
    volatile string? _whyClosed;

    /// <summary>Looks at the disk for the first time.</summary>
    /// <param name="folder">Any folder of the disk that is watched.</param>
    public DiskGuard(string folder, DiskGuardSettings settings, StoreFiles files, TimeProvider clock, Counters counters)
    {
        _folder = folder;
        _settings = settings;
        _files = files;
        _clock = clock;
        _counters = counters;
        StopBelowBytes = settings.StopBelowBytes ?? Math.Min(DiskGuardSettings.DefaultStopBelowBytes, DiskBytes() / DiskGuardSettings.SmallDiskDivisor);
        Look();
    }

    /// <summary>Nothing is taken in while less than this is free.</summary>
    public long StopBelowBytes { get; }

    /// <summary>The intake goes on once so much is free.</summary>
    public long ResumeAtBytes => StopBelowBytes + (StopBelowBytes / 5);

    /// <summary>Free bytes at the last look.</summary>
    public long FreeBytes => Interlocked.Read(ref _freeBytes);

    /// <inheritdoc/>
    public StoreUnavailableException? WhyClosed(long bytes)
    {
        var left = Interlocked.Add(ref _bytesUntilNextLook, -bytes);
        if (left < 0 || _clock.GetElapsedTime(Interlocked.Read(ref _measuredAt)) >= _settings.MeasureEvery) Look();
        return _whyClosed is { } sentence ? new StoreUnavailableException(sentence) { Reason = StoreUnavailableException.DiskNearlyFull } : null;
    }

    /// <summary>Whether so much may be written for comfort alone, such as a slice that is rewritten: the intake must not stop for it.</summary>
    public bool HasRoomFor(long bytes)
    {
        Look();
        return FreeBytes - bytes >= ResumeAtBytes;
    }

    /// <summary>Looks at the disk now.</summary>
    public void Look()
    {
        if (!_measuring.TryEnter()) return; // Somebody else is at it.
        try
        {
            Interlocked.Exchange(ref _measuredAt, _clock.GetTimestamp());
            var free = _files.FreeBytes(_folder);
            Interlocked.Exchange(ref _freeBytes, free);
            Interlocked.Exchange(ref _bytesUntilNextLook, Math.Max(0, (free - StopBelowBytes) / 4)); // Two more bytes may be written for each that is logged.
            var isClosed = free < (_whyClosed is null ? StopBelowBytes : ResumeAtBytes);
            if (isClosed == _whyClosed is not null && !isClosed) return;
            Change(isClosed, free);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _counters.Add("disk_guard_failures"); // Whatever is wrong with the disk, the next write says it better.
        }
        finally
        {
            _measuring.Exit();
        }
    }

    void Change(bool isClosed, long free)
    {
        var wasClosed = _whyClosed is not null;
        _whyClosed = isClosed ? ClosedSentence(_folder, free, StopBelowBytes, ResumeAtBytes) : null;
        if (isClosed == wasClosed) return;
        if (isClosed) _counters.Add("disk_nearly_full");
        _settings.OnChange(_whyClosed ?? string.Create(CultureInfo.InvariantCulture, $"The disk of {_folder} has {Mebibytes(free)} free again; payloads are taken in as before."));
    }

    /// <summary>What senders and people are told.</summary>
    public static string ClosedSentence(string folder, long freeBytes, long stopBelowBytes, long resumeAtBytes) => string.Create(CultureInfo.InvariantCulture,
        $"The disk of {folder} has {Mebibytes(freeBytes)} free, and {Mebibytes(stopBelowBytes)} are kept for what is already in: nothing more is taken in until {Mebibytes(resumeAtBytes)} are free. " +
        $"Free some space, lower the storage budget, or move the folder with --data DIR; then it goes on by itself.");

    static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_048_576.0:0.#} MiB");

    long DiskBytes()
    {
        try
        {
            return _files.DiskBytes(_folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return long.MaxValue;
        }
    }
}
