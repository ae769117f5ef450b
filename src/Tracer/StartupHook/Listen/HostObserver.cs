using System.Runtime.CompilerServices;
using Apm.StartupHook.Report;
using Apm.StartupHook.Settings;
using Microsoft.Extensions.Hosting;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Hears when the app's host is built, and reads its routes and addresses once it has started. Works for every kind of
/// host, with hosting start-ups switched off as well.
/// </summary>
internal sealed class HostObserver(Telemetry telemetry, Action<IServiceProvider> onStarted) : IObserver<KeyValuePair<string, object?>>
{
    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> item)
    {
        if (item.Key != "HostBuilt" || item.Value is null) return;
        try
        {
            AwaitStart(item.Value);
        }
        catch (Exception problem)
        {
            // An old version of the hosting package, or none that we know.
            HookLog.Problem("reading the host", problem);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted() { }

    /// <inheritdoc/>
    public void OnError(Exception error) { }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void AwaitStart(object built)
    {
        if (built is not IHost host || host.Services.GetService(typeof(IHostApplicationLifetime)) is not IHostApplicationLifetime lifetime) return;
        var services = host.Services;
        // On the pool: the app's own start should not wait for us.
        lifetime.ApplicationStarted.Register(() => ThreadPool.UnsafeQueueUserWorkItem(_ => Describe(services), null));
    }

    void Describe(IServiceProvider services)
    {
        try
        {
            onStarted(services);
            if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "Microsoft.AspNetCore.Routing")) DescribeWeb(services);
        }
        catch (Exception problem)
        {
            HookLog.Problem("reading the routes", problem);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void DescribeWeb(IServiceProvider services)
    {
        var addresses = WebDescription.ListenUrls(services);
        if (addresses.Length > 0) telemetry.Changed("listen_urls", addresses);
        telemetry.Endpoints(WebDescription.Endpoints(services));
    }
}
