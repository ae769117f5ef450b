using System.Runtime.InteropServices;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// The keys of one batch with what we know of them, by the key's index. Senders repeat themselves, so the key that followed last time
/// and the value a key had last time are tried before anything is hashed.
/// </summary>
internal sealed class OtelKeyTable(StringTable strings)
{
    [StructLayout(LayoutKind.Auto)]
    struct Entry
    {
        public int Tag;
        public int NextKey;
        public int LastValue;
        public int ContainerTag;
        public OtelKey Known;
        public OtelCopy Copy;
    }

    Entry[] _entries = new Entry[256];
    int _previous;

    /// <summary>A new list of attributes begins.</summary>
    public void BeginList() => _previous = 0;

    /// <summary>Index of a key's text.</summary>
    public int Key(ReadOnlySpan<byte> utf8)
    {
        var key = _entries[_previous].NextKey;
        if (key == 0 || !strings.Utf8(key).SequenceEqual(utf8))
        {
            key = strings.InternLenient(utf8);
            LookUp(key);
            _entries[_previous].NextKey = key;
        }
        _previous = key;
        return key;
    }

    /// <summary>Index of a text that is the value of a key.</summary>
    public int Value(int key, ReadOnlySpan<byte> utf8)
    {
        ref var last = ref _entries[key].LastValue;
        if (!strings.Utf8(last).SequenceEqual(utf8)) last = strings.InternLenient(utf8);
        return last;
    }

    public OtelKey KnownOf(int key) => _entries[key].Known;

    /// <summary>The tag that an attribute becomes.</summary>
    public int TagOf(int key, out OtelCopy copy)
    {
        ref var entry = ref _entries[key];
        copy = entry.Copy;
        return entry.Tag;
    }

    /// <summary>Index of what Datadog calls an attribute that tells of the container; 0 for any other (§7.10).</summary>
    public int ContainerTagOf(int key) => _entries[key].ContainerTag;

    void LookUp(int key)
    {
        if (key >= _entries.Length) Array.Resize(ref _entries, Math.Max(_entries.Length * 2, key + 1));
        if (_entries[key].Copy != OtelCopy.Unseen) return;
        var text = System.Text.Encoding.UTF8.GetString(strings.Utf8(key));
        var rule = OtelKeyRule.Of(text);
        _entries[key].Known = rule.Known;
        _entries[key].Copy = rule.Copy;
        _entries[key].Tag = rule.TagName is null ? key : strings.Intern(rule.TagName);
        if (ContainerTags.TryName(text, out var tag)) _entries[key].ContainerTag = strings.Intern(tag);
    }
}
