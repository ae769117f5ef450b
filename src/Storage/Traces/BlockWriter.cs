using System.Runtime.InteropServices;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>Writes batches as blocks to the newest slice, beginning a new one when the hour or the size says so.</summary>
/// <remarks>One thread. What <see cref="Append"/> wrote is good only once <see cref="Commit"/> returned.</remarks>
/// <param name="maxSliceBytes">A slice of so many bytes takes no more.</param>
/// <param name="makeRoom">Told how many bytes are about to be written, with those not yet committed; it may drop closed slices.</param>
sealed class BlockWriter(string folder, TraceStoreSettings settings, StoreFiles files, TimeProvider clock, Func<long> maxSliceBytes, Action<long> makeRoom) : IDisposable
{
    readonly BlockEncoder _encoder = new();
    readonly SpanOrder _order = new();
    readonly List<StoredBlock> _written = [];
    readonly List<SpanBatch> _batches = [];
    SliceFile? _slice;
    long _goodBytes;
    long _bytes;

    /// <summary>Makes sure that there is a slice to write to.</summary>
    /// <param name="covered">Noted in a new slice.</param>
    /// <exception cref="IOException">Nothing was begun.</exception>
    public void BeginSliceWhenDue(LogPosition covered)
    {
        var now = clock.NowUnixNanos();
        if (_slice is not null && !IsOver(_slice, now)) return;
        _slice = null; // The old one stays open for readers.
        _slice = SliceFile.Create(files, folder, now, covered);
        _goodBytes = _bytes = SliceFile.HeaderBytes;
    }

    /// <summary>The slice has its size; what was written should be committed, and a new one begun.</summary>
    public bool IsSliceFull => _bytes >= maxSliceBytes();

    /// <summary>There is a slice that takes blocks, or took the last ones.</summary>
    public bool HasSlice => _slice is not null;

    /// <summary>True when blocks go to this slice.</summary>
    public bool IsWritingTo(SliceFile slice) => _slice == slice;

    /// <summary>Writes no more to the slice it has.</summary>
    public void EndSlice() => _slice = null;

    bool IsOver(SliceFile slice, long now)
    {
        if (_goodBytes >= maxSliceBytes()) return true;
        var duration = settings.SliceDuration.Ticks * UnixTime.NanosPerTick;
        return UnixTime.Floor(now, duration) != UnixTime.Floor(slice.StartUnixNanos, duration);
    }

    /// <summary>Writes batches as one block, or as several when they are too many for one.</summary>
    /// <param name="before">With the blocks before these, all up to here is stored.</param>
    /// <param name="covered">With these, all up to here.</param>
    public void Append(IReadOnlyList<HeadBatch> batches, LogPosition before, LogPosition covered)
    {
        _batches.Clear();
        foreach (var batch in batches) _batches.Add(batch.Batch);
        var all = CollectionsMarshal.AsSpan(_batches);
        _order.Sort(all);
        for (var from = 0; from < _order.SpanCount;)
        {
            var to = EndOfBlock(from);
            var block = _encoder.Encode(all, _order, from, to, to == _order.SpanCount ? covered : before, clock.NowUnixNanos());
            makeRoom(_bytes - _goodBytes + block.Info.ByteCount);
            _slice!.File.Write(_bytes, block.Parts);
            _written.Add(new StoredBlock(_slice, _bytes, block.Info, block.TraceFilter));
            _bytes += block.Info.ByteCount;
            from = to;
        }
    }

    /// <summary>Between two traces when there is such a place.</summary>
    int EndOfBlock(int from)
    {
        if (_order.SpanCount - from <= settings.MaxBlockSpans) return _order.SpanCount;
        var latest = from + settings.MaxBlockSpans;
        var trace = _order.TraceBegins.AsSpan(0, _order.TraceCount).BinarySearch(latest);
        if (trace < 0) trace = ~trace - 1;
        return _order.TraceBegins[trace] > from ? _order.TraceBegins[trace] : latest;
    }

    /// <summary>Returns when the blocks written since the last commit are on disk.</summary>
    public IReadOnlyList<StoredBlock> Commit()
    {
        var slice = _slice!;
        try
        {
            slice.File.Flush();
        }
        catch
        {
            EndSlice(); // After a failed flush nobody knows what the disk holds: write to it no more.
            TryCutBack(slice);
            throw;
        }
        _goodBytes = _bytes;
        StoredBlock[] blocks = [.. _written];
        _written.Clear();
        return blocks;
    }

    /// <summary>Forgets what was written since the last commit and cuts it off.</summary>
    public void Abandon()
    {
        _written.Clear();
        _bytes = _goodBytes;
        if (_slice is not null && !TryCutBack(_slice)) EndSlice();
    }

    bool TryCutBack(SliceFile slice)
    {
        try
        {
            slice.File.SetLength(_goodBytes);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false; // The next start cuts it.
        }
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _slice?.File.Dispose(); // It may have no block yet, so that the store does not know it.
    }
}
