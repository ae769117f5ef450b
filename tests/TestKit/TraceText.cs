using System.Globalization;
using System.Text;
using Apm.Core.Ids;
using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>
/// Draws the spans of a batch as indented trees, so that a test can show what it expects:
/// <code>
/// trace 000000000000002a
///   web  flask.request  GET /hello  [web]  12.4 ms
///     web  flask.render  index.html  3.1 ms  error
/// </code>
/// Traces stand in the order of their first span, siblings by start. A span whose parent is not in the batch begins a tree of its own.
/// </summary>
public static class TraceText
{
    /// <summary>The tree alone.</summary>
    public static string Draw(SpanBatch batch) => Draw(batch, full: false);

    /// <summary>The tree with ids, start times (ns since the batch's earliest), tags sorted by key, and payloads and chunks.</summary>
    public static string DrawFull(SpanBatch batch) => Draw(batch, full: true);

    static string Draw(SpanBatch batch, bool full)
    {
        var text = new StringBuilder();
        var earliest = batch.SpanCount == 0 ? 0 : batch.StartUnixNanos.AsSpan(0, batch.SpanCount).ToArray().Min();
        if (full) DrawChunks(text, batch, earliest);
        var traces = Enumerable.Range(0, batch.SpanCount).GroupBy(batch.TraceIdOf);
        foreach (var trace in traces)
        {
            text.Append("trace ").Append(trace.Key).Append('\n');
            var spans = trace.OrderBy(i => batch.StartUnixNanos[i]).ToList();
            var drawn = new HashSet<int>();
            var ids = spans.Select(i => batch.SpanIds[i]).ToHashSet();
            foreach (var root in spans.Where(i => batch.ParentIds[i] == 0 || !ids.Contains(batch.ParentIds[i]))) DrawSpan(root, 1);
            foreach (var circular in spans) DrawSpan(circular, 1); // Spans that are each other's parents have no root.

            void DrawSpan(int span, int depth)
            {
                if (!drawn.Add(span)) return;
                DrawLine(text, batch, span, depth, full, earliest);
                if (batch.ParentIds[span] != 0 && !ids.Contains(batch.ParentIds[span]) && full)
                    Indent(text, depth + 2).Append("parent ").Append(new SpanId(batch.ParentIds[span])).Append(" is not here\n");
                foreach (var child in spans.Where(i => i != span && batch.ParentIds[i] == batch.SpanIds[span])) DrawSpan(child, depth + 1);
            }
        }
        return text.ToString().TrimEnd('\n');
    }

    static void DrawChunks(StringBuilder text, SpanBatch batch, long earliest)
    {
        foreach (var payload in batch.Payloads)
        {
            text.Append("payload ").AppendJoin(", ", new[]
            {
                payload.Protocol, payload.Language, payload.LanguageVersion, payload.TracerVersion, payload.Env,
                payload.Hostname, payload.AppVersion, payload.ContainerId, payload.RuntimeId,
            }.Where(part => part.Length > 0)).Append('\n');
        }
        foreach (var chunk in batch.Chunks)
        {
            text.Append("chunk of ").Append(chunk.SpanCount).Append(" from ").Append(chunk.FirstSpan);
            if (chunk.Priority != Chunk.NoPriority) text.Append(", priority ").Append(chunk.Priority);
            if (chunk.Origin != 0) text.Append(", origin ").Append(batch.Strings.Text(chunk.Origin));
            if (chunk.DroppedByTracer) text.Append(", dropped by the tracer");
            text.Append('\n');
        }
        text.Append("earliest ").Append(earliest).Append('\n');
    }

    static void DrawLine(StringBuilder text, SpanBatch batch, int span, int depth, bool full, long earliest)
    {
        Indent(text, depth).AppendJoin("  ", new[]
        {
            batch.Strings.Text(batch.Services[span]),
            batch.Strings.Text(batch.Names[span]),
            batch.Strings.Text(batch.Resources[span]),
        });
        if (batch.Types[span] != 0) text.Append("  [").Append(batch.Strings.Text(batch.Types[span])).Append(']');
        if (batch.Kinds[span] != SpanKind.Unspecified) text.Append("  ").Append(batch.Kinds[span].ToString().ToLowerInvariant());
        text.Append("  ").Append((batch.DurationNanos[span] / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture)).Append(" ms");
        if (batch.Envs[span] != 0) text.Append("  env ").Append(batch.Strings.Text(batch.Envs[span]));
        if (batch.Flags[span] != SpanFlags.None) text.Append("  ").Append(batch.Flags[span].ToString().ToLowerInvariant());
        text.Append('\n');
        if (!full) return;

        Indent(text, depth + 2).Append("span ").Append(new SpanId(batch.SpanIds[span])).Append(" +")
            .Append(batch.StartUnixNanos[span] - earliest).Append(" ns\n");
        var copy = batch.SpanAt(span);
        foreach (var (key, value) in copy.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            Indent(text, depth + 2).Append(key).Append(" = ").Append(value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        foreach (var (key, value) in copy.Numbers.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            Indent(text, depth + 2).Append(key).Append(" := ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    static StringBuilder Indent(StringBuilder text, int depth) => text.Append(' ', depth * 2);
}
