using System.Security.Cryptography;
using System.Text;

namespace Apm.TestKit.Shop;

/// <summary>One process of a service: an instance, as long as it has one version.</summary>
/// <param name="Instance">From 0.</param>
public sealed record ShopProcess(ShopService Service, int Instance, string Version)
{
    static readonly int HostCount = 3; // The fourth is the one whose clock is wrong.

    /// <summary>The host it runs on.</summary>
    public string Host { get; } = Service.Name == ShopFacts.SkewedService && Instance == Service.Instances - 1
        ? ShopFacts.SkewedHost
        : $"shop-node-{((Service.Port + Instance) % HostCount) + 1}";

    /// <summary>Id of its tracer; the same in each run.</summary>
    public string RuntimeId { get; } = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{Service.Name}/{Instance}/{Version}")).AsSpan(0, 16)).ToString();

    public int ProcessId { get; } = 100 + (Service.Port % 1000) + (Instance * 7) + Version.Sum(letter => letter);

    /// <summary>Where it listens.</summary>
    public string Url => $"http://{Host}:{Service.Port}";
}
