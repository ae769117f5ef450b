using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Apm.TraceAgent.Receive;

/// <summary>
/// What the server reads sockets into: blocks of 32 KiB where its own are of 4 KiB. Bodies of traces are large, so an eighth of the
/// calls into the system is enough. A connection that waits holds no block.
/// </summary>
/// <remarks>Thread-safe. Each pool keeps <see cref="MaxIdleBlocks"/> blocks for the next reader and leaves further ones to the collector.</remarks>
sealed class SocketMemory : IMemoryPoolFactory<byte>
{
    /// <summary>Size of a block. Larger ones gain nothing measurable; they only fall out of the processor's cache.</summary>
    public const int BlockBytes = 32_768;

    /// <summary>Blocks kept though nobody needs them: 4 MiB.</summary>
    public const int MaxIdleBlocks = 128;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    sealed class Pool : MemoryPool<byte>
    {
        readonly ConcurrentQueue<byte[]> _idle = new();
        bool _isDisposed;

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            // Pinned for life: the system writes into it, and the collector need not be told each time.
            return new Block(this, _idle.TryDequeue(out var bytes) ? bytes : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
        }

        public void Return(byte[] bytes)
        {
            if (!_isDisposed && _idle.Count < MaxIdleBlocks) _idle.Enqueue(bytes);
        }

        protected override void Dispose(bool disposing)
        {
            _isDisposed = true;
            _idle.Clear();
        }
    }

    sealed class Block(Pool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        byte[]? _bytes = bytes;

        public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(bytes, 0, BlockBytes);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } mine) pool.Return(mine);
        }
    }
}
