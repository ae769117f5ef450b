using System.Buffers;
using System.Text;

namespace Apm.TraceAgent.Checks.Python;

/// <summary>Lines of UTF-8 from a stream, none longer than a limit.</summary>
/// <remarks>One reader.</remarks>
sealed class BoundedLines(Stream stream, int maxLineBytes)
{
    readonly byte[] _buffer = new byte[16_384];
    ArrayBufferWriter<byte> _line = new();
    int _at;
    int _end;

    /// <summary>The next line without its end; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">A line is longer than the limit.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (_at == _end)
            {
                (_at, _end) = (0, await stream.ReadAsync(_buffer, cancel));
                if (_end == 0) return null; // A line without an end was cut off.
            }
            var left = _buffer.AsMemory(_at, _end - _at);
            var length = left.Span.IndexOf((byte)'\n');
            var part = length < 0 ? left : left[..length];
            if (_line.WrittenCount + part.Length > maxLineBytes) throw new InvalidDataException($"a line is longer than {maxLineBytes} bytes");
            _line.Write(part.Span);
            _at += length < 0 ? left.Length : length + 1;
            if (length < 0) continue;
            var text = Encoding.UTF8.GetString(_line.WrittenSpan);
            if (_line.Capacity > 65_536) _line = new ArrayBufferWriter<byte>();
            else _line.ResetWrittenCount();
            return text;
        }
    }
}
