using System.Collections.Concurrent;
using Apm.Core.Ports;

namespace Apm.Storage.InMemory;

/// <summary>Pictures as long as the process lives.</summary>
public sealed class InMemoryPictures : IPictureStore
{
    readonly ConcurrentDictionary<string, byte[]> _pictures = new(StringComparer.Ordinal);

    public void Keep(string id, ReadOnlySpan<byte> png) => _pictures[id] = png.ToArray();

    public byte[]? Find(string id) => _pictures.GetValueOrDefault(id);

    public void Remove(string id) => _pictures.TryRemove(id, out _);
}
