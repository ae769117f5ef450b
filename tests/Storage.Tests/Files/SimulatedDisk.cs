using Apm.Storage.Files;

namespace Apm.Storage.Tests.Files;

/// <summary>
/// A disk in memory on which the machine can die at any step. What was written but not flushed is, after the death,
/// there, not there, or there in part, as chance has it; names likewise until their folder is flushed.
/// </summary>
sealed class SimulatedDisk : StoreFiles
{
    readonly Lock _gate = new();
    readonly Dictionary<string, Inode> _names = [];
    readonly Dictionary<string, Inode> _durableNames = [];
    readonly List<Action<Dictionary<string, Inode>>> _pendingNames = [];
    long _stepsLeft = long.MaxValue;

    /// <summary>Steps (writes, flushes, renames …) done so far.</summary>
    public long StepCount { get; private set; }

    /// <summary>Flushes of files so far.</summary>
    public long FlushCount { get; private set; }

    public bool IsDead { get; private set; }

    /// <summary>While set, writes fail as on a full disk, after having written the half.</summary>
    public bool IsFull { get; set; }

    /// <summary>While set, flushes fail.</summary>
    public bool FailsFlushes { get; set; }

    /// <summary>Runs inside each write: lets a test hold a call.</summary>
    public Action OnWrite { get; set; } = static () => { };

    /// <summary>Everything fails from the given number of steps on; a write that dies is half done.</summary>
    public void DieAfter(long steps) => _stepsLeft = steps;

    /// <summary>What the next process finds.</summary>
    /// <param name="random">Decides what of the unflushed arrived; null: only the process died, all of it did.</param>
    public SimulatedDisk AfterDeath(Random? random)
    {
        lock (_gate)
        {
            var next = new SimulatedDisk();
            var names = new Dictionary<string, Inode>(_durableNames);
            var keep = random is null ? _pendingNames.Count : random.Next(_pendingNames.Count + 1);
            foreach (var change in _pendingNames.Take(keep)) change(names);
            foreach (var (name, inode) in names)
            {
                var survivor = inode.AfterDeath(random);
                next._names[name] = survivor;
                next._durableNames[name] = survivor;
            }
            return next;
        }
    }

    /// <summary>Damages a byte, as a bad sector would.</summary>
    public void Flip(string path, long offset)
    {
        lock (_gate) _names[path].Flip(offset);
    }

    /// <summary>Cuts a file, as a torn tail would.</summary>
    public void Cut(string path, long length)
    {
        lock (_gate) _names[path].Cut(length);
    }

    /// <summary>Puts a file there, or another content in its place.</summary>
    public void Put(string path, byte[] content)
    {
        lock (_gate)
        {
            var inode = new Inode();
            inode.Change(new Change(0, content, content.Length));
            inode.Flush();
            _names[path] = inode;
            _durableNames[path] = inode;
        }
    }

    public long LengthOf(string path)
    {
        lock (_gate) return _names[path].Length;
    }

    public IReadOnlyList<string> AllNames()
    {
        lock (_gate) return [.. _names.Keys.Order(StringComparer.Ordinal)];
    }

    public override StoreFile Open(string path)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(path, out var inode))
            {
                Step();
                inode = new Inode();
                _names[path] = inode;
                _pendingNames.Add(names => names[path] = inode);
            }
            return new Handle(this, inode);
        }
    }

    public override StoreFile OpenRead(string path)
    {
        lock (_gate) return _names.TryGetValue(path, out var inode) ? new Handle(this, inode) : throw new FileNotFoundException(path);
    }

    public override bool Exists(string path)
    {
        lock (_gate) return _names.ContainsKey(path);
    }

    public override IReadOnlyList<string> ListNames(string folder)
    {
        lock (_gate)
            return [.. _names.Keys.Where(path => Path.GetDirectoryName(path) == folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    public override void CreateFolder(string folder)
    {
    }

    public override void Rename(string from, string to) => ChangeNames(names =>
    {
        if (names.Remove(from, out var inode)) names[to] = inode;
    });

    public override void Delete(string path)
    {
        if (Exists(path)) ChangeNames(names => names.Remove(path));
    }

    public override void FlushFolder(string folder)
    {
        lock (_gate)
        {
            Step();
            foreach (var change in _pendingNames) change(_durableNames);
            _pendingNames.Clear();
        }
    }

    /// <summary>What a full-size disk has left; a test may make it small.</summary>
    public long BytesLeft { get; set; } = 1L << 40;

    public override long FreeBytes(string folder) => IsFull ? 0 : BytesLeft;

    /// <summary>Bytes of the whole disk.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    public override long DiskBytes(string folder) => Capacity;

    void ChangeNames(Action<Dictionary<string, Inode>> change)
    {
        lock (_gate)
        {
            Step();
            change(_names);
            _pendingNames.Add(change);
        }
    }

    void Step(Action? halfDone = null)
    {
        if (!IsDead && StepCount < _stepsLeft)
        {
            StepCount++;
            return;
        }
        if (!IsDead) halfDone?.Invoke();
        IsDead = true;
        throw new IOException("The simulated machine has died.");
    }

    sealed class Handle(SimulatedDisk disk, Inode inode) : StoreFile
    {
        public override long Length
        {
            get
            {
                lock (disk._gate) return inode.Length;
            }
        }

        public override int Read(long offset, Span<byte> buffer)
        {
            lock (disk._gate) return inode.Read(offset, buffer);
        }

        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.OnWrite();
            var copy = bytes.ToArray();
            lock (disk._gate)
            {
                disk.Step(() => inode.Change(new Change(offset, copy[..(copy.Length / 2)], null)));
                if (disk.IsFull)
                {
                    inode.Change(new Change(offset, copy[..(copy.Length / 2)], null));
                    throw new IOException("No space left on device (simulated)");
                }
                inode.Change(new Change(offset, copy, null));
            }
        }

        public override void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts) =>
            Write(offset, parts.SelectMany(part => part.ToArray()).ToArray());

        public override void SetLength(long length)
        {
            lock (disk._gate)
            {
                disk.Step();
                if (disk.IsFull && length > inode.Length) throw new IOException("No space left on device (simulated)");
                inode.Change(new Change(0, null, length));
            }
        }

        public override void Flush()
        {
            lock (disk._gate)
            {
                disk.Step();
                if (disk.FailsFlushes) throw new IOException("Input/output error (simulated)");
                disk.FlushCount++;
                inode.Flush();
            }
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    sealed record Change(long Offset, byte[]? Bytes, long? NewLength);

    sealed class Inode
    {
        const int SectorBytes = 512;

        byte[] _now = [];
        byte[] _durable = [];
        readonly List<Change> _pending = [];

        public long Length => _now.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            var count = (int)Math.Clamp(_now.Length - offset, 0, buffer.Length);
            if (count > 0) _now.AsSpan((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Change(Change change)
        {
            Apply(ref _now, change);
            _pending.Add(change);
        }

        public void Flush()
        {
            _durable = [.. _now];
            _pending.Clear();
        }

        public void Flip(long offset)
        {
            _now[offset] ^= 0x55;
            Flush();
        }

        public void Cut(long length)
        {
            Array.Resize(ref _now, (int)length);
            Flush();
        }

        public Inode AfterDeath(Random? random)
        {
            var content = random is null ? [.. _now] : (byte[])[.. _durable];
            if (random is not null)
            {
                var allUpTo = random.Next(_pending.Count + 1); // Mostly what came first arrived first,
                for (var i = 0; i < _pending.Count; i++)
                {
                    if (i < allUpTo) Apply(ref content, _pending[i]);
                    else if (random.Next(3) == 0) ApplyTorn(ref content, _pending[i], random); // but not always.
                }
            }
            var next = new Inode { _now = content };
            next.Flush();
            return next;
        }

        static void ApplyTorn(ref byte[] content, Change change, Random random)
        {
            if (change.Bytes is null)
            {
                Apply(ref content, change);
                return;
            }
            for (var at = 0; at < change.Bytes.Length; at += SectorBytes)
                if (random.Next(2) == 0) Apply(ref content, new Change(change.Offset + at, change.Bytes[at..Math.Min(at + SectorBytes, change.Bytes.Length)], null));
        }

        static void Apply(ref byte[] content, Change change)
        {
            if (change.NewLength is { } length) Array.Resize(ref content, (int)length);
            if (change.Bytes is not { Length: > 0 } bytes) return;
            if (content.Length < change.Offset + bytes.Length) Array.Resize(ref content, (int)change.Offset + bytes.Length);
            bytes.CopyTo(content, (int)change.Offset);
        }
    }
}
