using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>Where the page and its data get their trace from: the store, or a file that somebody brought.</summary>
public sealed class TraceSource(TraceLookup lookup, ImportedTraces imported)
{
    /// <summary>The value of <c>clock</c> that asks for aligned clocks; anything else shows times as they were sent.</summary>
    public const string Aligned = "aligned";

    /// <summary>Whether a text could name a trace.</summary>
    public static bool IsId(string id) => IsOfFile(id) || TraceId.Readings(id).Count > 0;

    /// <summary>Whether it names one brought as a file.</summary>
    public static bool IsOfFile(string id) => id.StartsWith(ImportedTraces.Prefix, StringComparison.Ordinal);

    /// <summary>The trace as it was sent; null when there is none.</summary>
    /// <param name="id">32 or 16 hex digits, a decimal number, or the id of an imported one.</param>
    /// <param name="cancel">Stops the read.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceTree? Read(string id, CancellationToken cancel) =>
        IsOfFile(id) ? imported.Find(id)?.Tree
        : TraceId.Readings(id).Select(traceId => lookup.Read(traceId, cancel)).FirstOrDefault(tree => tree is not null);

    /// <summary>The trace with its clocks as an address asks.</summary>
    public TraceTree? Read(string id, string? clock, CancellationToken cancel) =>
        Read(id, cancel) is not { } tree ? null
        : clock == Aligned && ClockSkew.Estimate(tree) is { Count: > 0 } clocks ? tree.WithClocksAligned(clocks)
        : tree;

    /// <summary>The file behind an id; null when it is of the store or forgotten.</summary>
    public ImportedTrace? FileOf(string id) => imported.Find(id);
}
