using System.Security.Cryptography;
using Apm.Core.Time;
using Apm.Query.TraceFiles;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>A trace that somebody brought as a file.</summary>
/// <param name="Id">Stands in its address; cannot be guessed.</param>
/// <param name="FileName">As the browser told it.</param>
/// <param name="Tree">The trace.</param>
/// <param name="ImportedUnixNanos">When it came.</param>
public sealed record ImportedTrace(string Id, string FileName, TraceTree Tree, long ImportedUnixNanos);

/// <summary>
/// Traces brought as files, while somebody looks at them. They are in memory only: never stored, searched or counted. Any thread may call it.
/// </summary>
public sealed class ImportedTraces(TimeProvider clock)
{
    /// <summary>Most traces that are remembered; default 8. The oldest makes room for a new one.</summary>
    public const int MaxTraces = 8;

    /// <summary>Most spans of all of them together; default 400,000, about 200 MB. The oldest make room.</summary>
    public const int MaxSpans = 400_000;

    /// <summary>How long one is remembered; default 1 h.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromHours(1);

    /// <summary>What an id begins with, so that it is taken for no trace id.</summary>
    public const string Prefix = "file-";

    readonly Lock _lock = new();
    readonly List<ImportedTrace> _traces = [];

    /// <summary>Reads a file and remembers its trace.</summary>
    /// <exception cref="TraceFileException">It is no trace file.</exception>
    public ImportedTrace Add(string fileName, ReadOnlyMemory<byte> utf8)
    {
        var trace = new ImportedTrace(Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), fileName, TraceFileReader.Read(utf8), clock.NowUnixNanos());
        lock (_lock)
        {
            Forget_NeedsLock();
            while (_traces.Count >= MaxTraces || (_traces.Count > 0 && _traces.Sum(held => held.Tree.SpanCount) + trace.Tree.SpanCount > MaxSpans)) _traces.RemoveAt(0);
            _traces.Add(trace);
        }
        return trace;
    }

    /// <summary>Null when it was never there or is forgotten.</summary>
    public ImportedTrace? Find(string id)
    {
        lock (_lock)
        {
            Forget_NeedsLock();
            return _traces.Find(trace => trace.Id == id);
        }
    }

    void Forget_NeedsLock() => _traces.RemoveAll(trace => clock.NowUnixNanos() - trace.ImportedUnixNanos > KeepFor.TotalNanoseconds);
}
