using Apm.Core.Ids;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>One row of a trace: a span, or a gap that stands for a parent that is not stored.</summary>
public sealed class TraceNode
{
    /// <summary>Position in <see cref="TraceTree.Nodes"/>.</summary>
    public int Index { get; internal set; }

    /// <summary>Position of the parent; -1 for a root.</summary>
    public int ParentIndex { get; internal set; } = -1;

    /// <summary>0 for a root.</summary>
    public int Depth { get; internal set; }

    /// <summary>Direct children.</summary>
    public int ChildCount { get; internal set; }

    /// <summary>All nodes beneath it; they follow it in display order.</summary>
    public int DescendantCount { get; internal set; }

    /// <summary>Its own time: its duration without the time in which at least one child ran.</summary>
    public long SelfNanos { get; internal set; }

    /// <summary>Making it shorter would have made the trace shorter.</summary>
    public bool IsOnCriticalPath { get; internal set; }

    /// <summary>No span: the parent of its children is not stored. <see cref="SpanId"/> is the missing parent's; texts are "", times those of the children.</summary>
    public bool IsGap { get; internal set; }

    /// <summary>Its parents form a circle, which was cut here.</summary>
    public bool IsCutFromCycle { get; internal set; }
    public SpanId SpanId { get; internal set; }

    /// <summary>As it was sent; <see cref="Core.Ids.SpanId.None"/> for a root and a gap.</summary>
    public SpanId ParentId { get; internal set; }
    public long StartUnixNanos { get; internal set; }
    public long DurationNanos { get; internal set; }

    /// <summary>Saturates instead of overflowing.</summary>
    public long EndUnixNanos => DurationNanos > long.MaxValue - StartUnixNanos ? long.MaxValue : StartUnixNanos + DurationNanos;
    public string Service { get; internal set; } = "";

    /// <summary>Operation name.</summary>
    public string Name { get; internal set; } = "";
    public string Resource { get; internal set; } = "";
    public string Type { get; internal set; } = "";
    public SpanKind Kind { get; internal set; }
    public SpanFlags Flags { get; internal set; }
    public bool IsError => (Flags & SpanFlags.Error) != 0;

    /// <summary>It stands for so many spans of a trace too large to keep whole (<see cref="FoldedTags"/>); 0 when it is one span.</summary>
    public long FoldedCount { get; internal set; }

    /// <summary>By how much its times were moved from those that were sent (<see cref="TraceTree.WithClocksAligned"/>).</summary>
    public long ClockOffsetNanos { get; internal set; }

    /// <summary>
    /// The host it ran on, as far as is known: what it says, else what the span above it in the same service says (many tracers name the
    /// host on a service's first span only), else its service's name. "" for a gap.
    /// </summary>
    public string Host { get; internal set; } = "";

    internal TraceNode? Parent;
    internal SpanBatch? Batch;
    internal int BatchSpan;

    /// <summary>The same span without its place in a tree, its times moved.</summary>
    internal TraceNode Moved(long offsetNanos) => new()
    {
        SpanId = SpanId, ParentId = ParentId, StartUnixNanos = Math.Max(0, StartUnixNanos + offsetNanos), DurationNanos = DurationNanos, Service = Service, Name = Name, Resource = Resource,
        Type = Type, Kind = Kind, Flags = Flags, FoldedCount = FoldedCount, ClockOffsetNanos = offsetNanos, Batch = Batch, BatchSpan = BatchSpan,
    };

    /// <summary>The span with its tags, made anew by each call; null for a gap.</summary>
    public Span? ReadSpan() => Batch?.SpanAt(BatchSpan);

    /// <summary>A text tag; null when there is none or this is a gap.</summary>
    public string? TagOf(string key) => Batch?.TagOf(BatchSpan, key);

    /// <summary>0 when it has none.</summary>
    public int HttpStatusCode => Batch is null ? 0 : HttpStatus.Of(Batch, BatchSpan);
}
