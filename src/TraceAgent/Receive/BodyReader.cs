using System.Buffers;
using System.IO.Compression;
using Apm.Core;
using Apm.Core.Limits;
using Apm.TraceAgent.Intake;
using Microsoft.AspNetCore.Http;
using ZstdSharp;

namespace Apm.TraceAgent.Receive;

/// <summary>Reads request bodies into pooled memory, decompressed, within the limits.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="account">What its memory is called in the budget.</param>
public sealed class BodyReader(AgentSettings settings, MemoryBudget memory, string account = "bodies")
{
    /// <summary>Largest window of a zstd body: 2²³ bytes, the 8 MiB that every encoder may use and that decoders should support (RFC 8878 §3.1.1.1.2).</summary>
    const int MaxZstdWindowLog = 23;

    /// <summary>Memory for a body before its first byte has come, at most.</summary>
    const int FirstBufferBytes = 65_536;

    /// <summary>
    /// Largest memory that is kept for the next body, and how many of each size: some 30 MiB in all up to 1 MiB each, and 8 MiB beyond.
    /// The shared pool keeps as many as there ever were at once, for each core. What is not kept is a large object each time, and every few of
    /// them start a collection of everything: three a second at 50,000 spans a second in bodies of a little over 1 MiB.
    /// </summary>
    const int PooledBytes = 1_048_576, PooledOfEachSize = 16, LargePooledBytes = 2 * PooledBytes, LargePooled = 4;

    readonly MemoryAccount _memory = memory.OpenWork(account, settings.MaxBytesInFlight);
    readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(PooledBytes, PooledOfEachSize);
    readonly ArrayPool<byte> _largePool = ArrayPool<byte>.Create(LargePooledBytes, LargePooled);

    /// <summary>Reads a whole body. Dispose the result when its bytes are no longer needed.</summary>
    /// <exception cref="BodyTooLargeException">Larger than <see cref="AgentSettings.MaxBodyBytes"/>; the rest was not read.</exception>
    /// <exception cref="OverloadedException">Too many bytes are being read already.</exception>
    /// <exception cref="PayloadException">The compression is unknown or broken.</exception>
    /// <exception cref="BadHttpRequestException">The request is not HTTP as it should be.</exception>
    public Task<PooledBody> Read(HttpRequest request, CancellationToken cancel) => Read(request, new BodyLimits(settings.MaxBodyBytes, settings.MaxBodyBytes), cancel);

    /// <summary>Reads a whole body within limits of its own. As <see cref="Read(HttpRequest, CancellationToken)"/>.</summary>
    public async Task<PooledBody> Read(HttpRequest request, BodyLimits limits, CancellationToken cancel)
    {
        var raw = await ReadRaw(request, limits.MaxSentBytes, cancel);
        try
        {
            var encoding = request.Headers.ContentEncoding.ToString();
            if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)) return raw;
            using (raw) return Decompress(raw.Memory, encoding, limits.MaxUnpackedBytes);
        }
        catch
        {
            raw.Dispose();
            throw;
        }
    }

    /// <summary>Decompresses bytes that came with a Content-Encoding, or a gRPC message.</summary>
    public PooledBody Decompress(ReadOnlyMemory<byte> compressed, string encoding) => Decompress(compressed, encoding, settings.MaxBodyBytes);

    PooledBody Decompress(ReadOnlyMemory<byte> compressed, string encoding, int maxBytes)
    {
        using var source = encoding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => (Stream)new GZipStream(AsStream(compressed), CompressionMode.Decompress),
            "deflate" => new ZLibStream(AsStream(compressed), CompressionMode.Decompress),
            "zstd" or "zstd1" => ZstdStream(AsStream(compressed)),
            _ => throw new PayloadException($"Content-Encoding \"{encoding}\" is not one of gzip, deflate, zstd, identity. Turn compression off, or use gzip."),
        };
        var body = new PooledBody(this, Math.Min(maxBytes, compressed.Length * 4 + 256));
        try
        {
            while (true)
            {
                var read = source.Read(body.FreeSpan(maxBytes));
                if (read == 0) break;
                body.Length += read;
            }
            if (GzipCheck.IsCut(compressed.Span, body.Length, encoding)) throw new InvalidDataException("its end is missing");
            return body;
        }
        catch (Exception problem) when (problem is InvalidDataException or ZstdException or EndOfStreamException)
        {
            body.Dispose();
            throw new PayloadException($"The body is not valid {encoding} data ({problem.Message}). Send it uncompressed, or check the client's compression.");
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>A decoder asks for as much memory as the sender's window; a larger one than any body can need is refused.</summary>
    static DecompressionStream ZstdStream(Stream source)
    {
        var stream = new DecompressionStream(source, leaveOpen: false);
        stream.SetParameter(ZstdSharp.Unsafe.ZSTD_dParameter.ZSTD_d_windowLogMax, MaxZstdWindowLog);
        return stream;
    }

    async Task<PooledBody> ReadRaw(HttpRequest request, int maxBytes, CancellationToken cancel)
    {
        if (request.ContentLength > maxBytes) throw new BodyTooLargeException(maxBytes);
        // What a client merely announces takes no memory: a few idle connections could else claim it all.
        var body = new PooledBody(this, (int)Math.Min(request.ContentLength ?? 4_096, FirstBufferBytes) + 1, request.ContentLength);
        CancellationTokenSource? patience = null;
        try
        {
            var reader = request.BodyReader;
            while (true)
            {
                if (!reader.TryRead(out var result))
                {
                    // Only a body that is not there yet gets a watch.
                    patience ??= Patience(reader);
                    result = await reader.ReadAsync(cancel);
                }
                try
                {
                    if (result.IsCanceled) throw new SlowBodyException(body.Length, settings.RequestTimeout);
                    foreach (var segment in result.Buffer) body.Append(segment.Span, maxBytes);
                }
                finally
                {
                    reader.AdvanceTo(result.Buffer.End); // Also when it is too much: the server reads on to keep the connection.
                }
                if (result.IsCompleted) return body;
            }
        }
        catch (IOException problem) when (problem is not BadHttpRequestException && !request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // The server says so of a chunk whose size cannot be: the sender's fault, not ours.
            body.Dispose();
            throw new BadHttpRequestException(problem.Message, StatusCodes.Status400BadRequest, problem);
        }
        catch
        {
            body.Dispose();
            throw;
        }
        finally
        {
            patience?.Dispose();
        }
    }

    /// <summary>Wakes whoever waits for the body when its time is over; the reader stays usable, so that the answer can be sent.</summary>
    CancellationTokenSource Patience(System.IO.Pipelines.PipeReader reader)
    {
        var patience = new CancellationTokenSource(settings.RequestTimeout);
        patience.Token.UnsafeRegister(static waiting => ((System.IO.Pipelines.PipeReader)waiting!).CancelPendingRead(), reader);
        return patience;
    }

    internal void Reserve(int bytes)
    {
        if (_memory.TryReserve(bytes)) return;
        if (_memory.HeldBytes + bytes <= settings.MaxBytesInFlight) throw OverloadedException.OutOfMemory(memory);
        throw new OverloadedException($"Bodies of more than {settings.MaxBytesInFlight} bytes are being read at once; retry in a second.");
    }

    internal void Release(int bytes) => _memory.Release(bytes);

    /// <summary>What the pool gives for so many bytes: a power of two, beyond what it keeps as many as asked for.</summary>
    internal static int RentedBytes(int bytes) => bytes > LargePooledBytes ? bytes : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, bytes));

    internal byte[] Rent(int bytes) => PoolOf(bytes).Rent(bytes);

    internal void Return(byte[] bytes) => PoolOf(bytes.Length).Return(bytes);

    ArrayPool<byte> PoolOf(int bytes) => bytes > PooledBytes ? _largePool : _pool;

    static MemoryStream AsStream(ReadOnlyMemory<byte> memory) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(memory.ToArray(), writable: false);
}

/// <summary>What one endpoint takes.</summary>
/// <param name="MaxSentBytes">Of the body as it comes.</param>
/// <param name="MaxUnpackedBytes">Of the body without its Content-Encoding.</param>
public readonly record struct BodyLimits(int MaxSentBytes, int MaxUnpackedBytes);

/// <summary>A body in rented memory.</summary>
/// <remarks>One owner; not thread-safe. After <see cref="Dispose"/> its memory is somebody else's.</remarks>
public sealed class PooledBody : IDisposable
{
    readonly BodyReader _reader;
    byte[] _bytes;
    readonly long _announcedBytes;
    int _reserved;
    int _start;

    /// <param name="firstBytes">Memory to begin with.</param>
    /// <param name="announcedBytes">As long as its sender says it is; null when unknown. It grows no further before more than these have come.</param>
    internal PooledBody(BodyReader reader, int firstBytes, long? announcedBytes = null)
    {
        _reader = reader;
        _announcedBytes = announcedBytes ?? long.MaxValue;
        _reserved = BodyReader.RentedBytes(firstBytes);
        reader.Reserve(_reserved);
        _bytes = reader.Rent(firstBytes);
    }

    /// <summary>Bytes read, with those that were taken off.</summary>
    public int Length { get; internal set; }

    /// <summary>The bytes; valid until disposed.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(_start, Length - _start);

    /// <summary>Takes bytes off the front, such as the prefix of a gRPC message. Nothing may be appended afterwards.</summary>
    internal void TakeOff(int bytes) => _start += bytes;

    internal void Append(ReadOnlySpan<byte> part, int maxBytes)
    {
        if (Length + part.Length > maxBytes) throw new BodyTooLargeException(maxBytes);
        EnsureFree(part.Length, maxBytes);
        part.CopyTo(_bytes.AsSpan(Length));
        Length += part.Length;
    }

    internal Span<byte> FreeSpan(int maxBytes)
    {
        if (Length > maxBytes) throw new BodyTooLargeException(maxBytes);
        EnsureFree(1, maxBytes);
        return _bytes.AsSpan(Length, Math.Min(_bytes.Length - Length, maxBytes + 1 - Length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length == 0) return;
        _reader.Return(_bytes);
        _bytes = [];
        _reader.Release(_reserved);
    }

    void EnsureFree(int bytes, int maxBytes)
    {
        if (Length + bytes <= _bytes.Length) return;
        var size = Math.Max(Math.Min(Math.Min((long)_bytes.Length * 4, maxBytes + 1L), _announcedBytes), Length + bytes);
        var needed = BodyReader.RentedBytes((int)size);
        _reader.Reserve(needed - _reserved);
        _reserved = needed;
        var grown = _reader.Rent((int)size);
        _bytes.AsSpan(0, Length).CopyTo(grown);
        _reader.Return(_bytes);
        _bytes = grown;
    }
}
