using System.Globalization;
using System.Runtime.CompilerServices;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>Finds text in the spans of one trace: in names and in keys and values of all attributes. Pure.</summary>
public static class TraceTextSearch
{
    /// <summary>The nodes that hold the text, in display order.</summary>
    /// <param name="tree">The trace.</param>
    /// <param name="text">
    /// Found anywhere, upper or lower case; "" finds nothing. <c>key:value</c> or <c>key=value</c> also finds an attribute whose key
    /// ends with the one and whose value holds the other.
    /// </param>
    /// <param name="cancel">Stops the search.</param>
    public static IReadOnlyList<int> Find(TraceTree tree, string text, CancellationToken cancel = default)
    {
        var wanted = text.Trim();
        if (wanted.Length == 0) return [];
        var at = wanted.AsSpan().IndexOfAny(':', '=');
        var (key, value) = at > 0 && at < wanted.Length - 1 ? (wanted[..at].TrimStart('@').TrimEnd(), wanted[(at + 1)..].Trim()) : (null, null);
        var hits = new ConditionalWeakTable<StringTable, Dictionary<int, Hit>>();
        var found = new List<int>();
        foreach (var node in tree.Nodes)
        {
            if ((node.Index & 1023) == 0) cancel.ThrowIfCancellationRequested();
            if (node.Batch is not { } batch) continue;
            var known = hits.GetOrCreateValue(batch.Strings);
            if (Holds(batch, node.BatchSpan, known)) found.Add(node.Index);
        }
        return found;

        bool Holds(SpanBatch batch, int span, Dictionary<int, Hit> known)
        {
            if (Of(batch.Services[span]).Text || Of(batch.Names[span]).Text || Of(batch.Resources[span]).Text || Of(batch.Types[span]).Text) return true;
            foreach (var (tag, held) in batch.Tags.Of(span))
                if (Of(tag).Text || Of(held).Text || (Of(tag).Key && Of(held).Value)) return true;
            foreach (var (tag, number) in batch.Numbers.Of(span))
            {
                if (Of(tag).Text) return true;
                var written = number.ToString("R", CultureInfo.InvariantCulture);
                if (written.Contains(wanted, StringComparison.Ordinal) || (Of(tag).Key && written.Contains(value!, StringComparison.Ordinal))) return true;
            }
            return false;

            // Texts repeat from span to span; each is looked at once.
            Hit Of(int index)
            {
                if (known.TryGetValue(index, out var hit)) return hit;
                var text = batch.Strings.Text(index);
                hit = new Hit(
                    text.Contains(wanted, StringComparison.OrdinalIgnoreCase),
                    key is not null && text.EndsWith(key, StringComparison.OrdinalIgnoreCase),
                    value is not null && text.Contains(value, StringComparison.OrdinalIgnoreCase));
                known.Add(index, hit);
                return hit;
            }
        }
    }

    readonly record struct Hit(bool Text, bool Key, bool Value);
}
