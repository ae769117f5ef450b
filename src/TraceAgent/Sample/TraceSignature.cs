using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>What makes two traces of one kind (trace-intake §4.4, §4.5): services, operations, statuses and errors, and the root's resource.</summary>
/// <remarks>One thread; keeps its working memory.</remarks>
sealed class TraceSignature
{
    readonly List<uint> _hashes = [];

    /// <summary>The signature of a chunk.</summary>
    /// <param name="root">Index of its root.</param>
    /// <param name="env">Index of its environment.</param>
    public uint Of(SpanBatch batch, Chunk chunk, int root, int env, in SampleKeys keys)
    {
        _hashes.Clear();
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) _hashes.Add(OfSpan(batch, i, env, withResource: false, keys));
        _hashes.Sort();
        var signature = OfSpan(batch, root, env, withResource: true, keys);
        for (var i = 0; i < _hashes.Count; i++) if (i == 0 || _hashes[i] != _hashes[i - 1]) signature ^= _hashes[i];
        return signature;
    }

    /// <summary>The hash of one span.</summary>
    public static uint OfSpan(SpanBatch batch, int span, int env, bool withResource, in SampleKeys keys)
    {
        var strings = batch.Strings;
        var hash = Fnv1a.Add(Fnv1a.Empty, strings.Utf8(env));
        hash = Fnv1a.Add(hash, strings.Utf8(batch.Services[span]));
        hash = Fnv1a.Add(hash, strings.Utf8(batch.Names[span]));
        hash = Fnv1a.Add(hash, (byte)((batch.Flags[span] & SpanFlags.Error) != 0 ? 1 : 0));
        if (withResource) hash = Fnv1a.Add(hash, strings.Utf8(batch.Resources[span]));
        if (SampleKeys.Text(batch, span, keys.HttpStatusCode) is >= 0 and var status) hash = Fnv1a.Add(hash, strings.Utf8(status));
        if (SampleKeys.Text(batch, span, keys.ErrorType) is >= 0 and var type) hash = Fnv1a.Add(hash, strings.Utf8(type));
        return hash;
    }

    /// <summary>The signature of a service in an environment, to which rates are told.</summary>
    public static uint OfService(ReadOnlySpan<byte> service, ReadOnlySpan<byte> env) =>
        Fnv1a.Add(Fnv1a.Add(Fnv1a.Add(Fnv1a.Empty, service), (byte)','), env);
}
