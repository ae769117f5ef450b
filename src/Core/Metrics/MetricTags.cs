using System.Collections;

namespace Apm.Core.Metrics;

/// <summary>
/// The tags of a series: <c>key:value</c> or a bare <c>key</c>, normalised by <see cref="MetricNames"/>, ordered and each once. The
/// host that a series comes from is its tag <c>host:NAME</c>, its device <c>device:NAME</c>; so there is one way to ask for them.
/// </summary>
/// <remarks>Immutable; equal when the tags are.</remarks>
public sealed class MetricTags : IReadOnlyList<string>, IEquatable<MetricTags>
{
    readonly string[] _tags;
    readonly int _hash;

    MetricTags(string[] tags)
    {
        _tags = tags;
        var hash = new HashCode();
        foreach (var tag in tags) hash.Add(tag, StringComparer.Ordinal);
        _hash = hash.ToHashCode();
    }

    public static MetricTags None { get; } = new([]);

    /// <summary>Of tags that are normalised already, in any order.</summary>
    public static MetricTags Of(IEnumerable<string> normalised)
    {
        string[] tags = [.. normalised];
        Array.Sort(tags, StringComparer.Ordinal);
        var kept = 0;
        for (var i = 0; i < tags.Length; i++) if (kept == 0 || tags[i] != tags[kept - 1]) tags[kept++] = tags[i];
        return kept == 0 ? None : new MetricTags(kept == tags.Length ? tags : tags[..kept]);
    }

    public int Count => _tags.Length;

    public string this[int index] => _tags[index];

    /// <summary>The first value of a key; "" for a bare tag, null when there is none.</summary>
    public string? ValueOf(string key)
    {
        foreach (var tag in _tags)
            if (IsOf(tag, key)) return ValueIn(tag);
        return null;
    }

    /// <summary>All values of a key, in order; a series may have a key twice.</summary>
    public IEnumerable<string> ValuesOf(string key) => _tags.Where(tag => IsOf(tag, key)).Select(ValueIn);

    /// <summary>The key of a tag: what stands before its first colon, or all of it.</summary>
    public static string KeyIn(string tag) => tag.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? tag[..colon] : tag;

    /// <summary>The value of a tag: what stands behind its first colon; "" for a bare tag.</summary>
    public static string ValueIn(string tag) => tag.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? tag[(colon + 1)..] : "";

    /// <summary>The order in which series are listed: tag by tag, each by its characters.</summary>
    public static int Compare(MetricTags left, MetricTags right)
    {
        var shared = Math.Min(left._tags.Length, right._tags.Length);
        for (var i = 0; i < shared; i++)
            if (string.CompareOrdinal(left._tags[i], right._tags[i]) is var order && order != 0) return order;
        return left._tags.Length.CompareTo(right._tags.Length);
    }

    static bool IsOf(string tag, string key) => tag.StartsWith(key, StringComparison.Ordinal) && (tag.Length == key.Length || tag[key.Length] == ':');

    public bool Equals(MetricTags? other) => other is not null && (ReferenceEquals(this, other) || (_hash == other._hash && _tags.AsSpan().SequenceEqual(other._tags)));

    public override bool Equals(object? obj) => Equals(obj as MetricTags);

    public override int GetHashCode() => _hash;

    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_tags).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Join(',', _tags);
}
