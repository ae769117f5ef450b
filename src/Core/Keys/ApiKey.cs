namespace Apm.Core.Keys;

/// <summary>What a key opens.</summary>
public enum KeyKind
{
    /// <summary>Sending.</summary>
    Api,

    /// <summary>Together with an API key: reading and managing.</summary>
    Application,
}

/// <summary>A key as it is kept: never the key itself. Stored as a document.</summary>
public sealed record ApiKey
{
    /// <summary>Not secret; names the key when it is revoked.</summary>
    public required string Id { get; init; }
    public required KeyKind Kind { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the key, hex. The key has 128 or 160 random bits, so neither salt nor slow hashing would add anything.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Its last four digits, for people to tell keys apart.</summary>
    public required string Last4 { get; init; }

    public required long CreatedUnixSeconds { get; init; }

    /// <summary>As it is shown: <c>****************************abcd</c>.</summary>
    public string Masked() => new string('*', (Kind == KeyKind.Api ? ApiKeys.ApiKeyBytes : ApiKeys.ApplicationKeyBytes) * 2 - 4) + Last4;
}
