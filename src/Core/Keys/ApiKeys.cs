using System.Security.Cryptography;
using System.Text;
using Apm.Core.Ports;

namespace Apm.Core.Keys;

/// <summary>
/// The keys of the installation. Until one of a kind is created any key of that kind is good, because we listen on this machine only; from
/// then on only those that were created and not revoked (metrics-monitors §3.1).
/// </summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns. A key itself is given out once, by <see cref="Create"/>.</remarks>
public sealed class ApiKeys
{
    /// <summary>Most keys of each kind; default 100.</summary>
    public const int MaxKeys = 100;

    /// <summary>Most characters of a key's name; default 200.</summary>
    public const int MaxNameChars = 200;

    /// <summary>Random bytes of an API key: 32 hex digits.</summary>
    public const int ApiKeyBytes = 16;

    /// <summary>Random bytes of an application key: 40 hex digits.</summary>
    public const int ApplicationKeyBytes = 20;

    const string Collection = "api-keys";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly TimeProvider _clock;
    readonly List<ApiKey> _keys;

    /// <summary>Reads the keys from the documents.</summary>
    public ApiKeys(IDocumentStore documents, TimeProvider clock)
    {
        _documents = documents;
        _clock = clock;
        _keys = [.. documents.FindAll<ApiKey>(Collection)];
    }

    /// <summary>The keys of a kind, the oldest first.</summary>
    public IReadOnlyList<ApiKey> All(KeyKind kind)
    {
        lock (_lock) return [.. _keys.Where(key => key.Kind == kind).OrderBy(key => key.CreatedUnixSeconds).ThenBy(key => key.Id, StringComparer.Ordinal)];
    }

    /// <summary>Whether any key was created and not revoked, so that not just any is good.</summary>
    public bool HasAny
    {
        get
        {
            lock (_lock) return _keys.Count > 0;
        }
    }

    /// <summary>Whether a key that came is good.</summary>
    public bool IsGood(KeyKind kind, string presented)
    {
        if (presented.Length == 0) return false;
        lock (_lock)
        {
            var hash = Encoding.ASCII.GetBytes(HashOf(presented));
            var (any, good) = (false, false);
            foreach (var key in _keys)
            {
                if (key.Kind != kind) continue;
                any = true;
                good |= CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key.Sha256), hash);
            }
            return good || !any;
        }
    }

    /// <summary>Makes a key.</summary>
    /// <param name="name">What its owner calls it.</param>
    /// <param name="secret">The key. Nobody can ask for it again.</param>
    /// <exception cref="ApiKeyException">The name cannot be used, or there are too many; the message is for who asked.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was made. Safe to retry.</exception>
    public ApiKey Create(KeyKind kind, string name, out string secret)
    {
        var trimmed = name.Trim();
        if (trimmed.Length is 0 or > MaxNameChars) throw new ApiKeyException($"A key needs a name of 1 to {MaxNameChars} characters, such as who uses it.");
        lock (_lock)
        {
            if (_keys.Count(key => key.Kind == kind) >= MaxKeys) throw new ApiKeyException($"There are {MaxKeys} such keys already, the most that are kept. Revoke one first.");
            secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(kind == KeyKind.Api ? ApiKeyBytes : ApplicationKeyBytes));
            var key = new ApiKey
            {
                Id = Guid.NewGuid().ToString(),
                Kind = kind,
                Name = trimmed,
                Sha256 = HashOf(secret),
                Last4 = secret[^4..],
                CreatedUnixSeconds = _clock.GetUtcNow().ToUnixTimeSeconds(),
            };
            _documents.Store(Collection, key.Id, key);
            _keys.Add(key);
            return key;
        }
    }

    /// <summary>Revokes a key: it is good for nothing from now on.</summary>
    /// <returns>False when there is none of that kind and id.</returns>
    /// <exception cref="ApiKeyException">It is the last of its kind: without it any key would be good again.</exception>
    /// <exception cref="StoreUnavailableException">It is still good. Safe to retry.</exception>
    public bool Revoke(KeyKind kind, string id)
    {
        lock (_lock)
        {
            if (_keys.Find(key => key.Kind == kind && key.Id == id) is not { } known) return false;
            if (_keys.Count(key => key.Kind == kind) == 1)
                throw new ApiKeyException("This is the last key of its kind; without it any key would be good again. Create another first, or stop Apm and run \"apm keys reset\" to begin anew.");
            _documents.Remove(Collection, id);
            _keys.Remove(known);
            return true;
        }
    }

    /// <summary>Removes all keys of both kinds, so that any key is good again.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="StoreUnavailableException">Some may be gone and some not. Safe to retry.</exception>
    public int Reset()
    {
        lock (_lock)
        {
            var count = _keys.Count;
            for (var i = _keys.Count - 1; i >= 0; i--)
            {
                _documents.Remove(Collection, _keys[i].Id);
                _keys.RemoveAt(i);
            }
            return count;
        }
    }

    static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>A key cannot be made. The message is a sentence for who asked.</summary>
public sealed class ApiKeyException(string message) : Exception(message);
