using Microsoft.Extensions.DependencyInjection;

namespace Apm.StartupHook.Listen;

/// <summary>Questions to the app's services that create nothing.</summary>
internal static class HostServices
{
    /// <summary>True when the app has registered the service.</summary>
    public static bool Knows(IServiceProvider services, Type service) =>
        services.GetService(typeof(IServiceProviderIsService)) is IServiceProviderIsService registry && registry.IsService(service);
}
