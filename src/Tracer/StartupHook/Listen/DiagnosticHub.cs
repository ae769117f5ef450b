using System.Diagnostics;
using System.Runtime.CompilerServices;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Waits for the framework's diagnostic listeners and gives each its observer. Types of ASP.NET Core are touched only
/// when its listener has appeared, hence in an app that has them; a plain console app never loads them.
/// </summary>
internal sealed class DiagnosticHub(SpanSink sink, HookSettings settings, HostObserver host) : IObserver<DiagnosticListener>
{
    /// <inheritdoc/>
    public void OnNext(DiagnosticListener listener)
    {
        try
        {
            switch (listener.Name)
            {
                case "Microsoft.AspNetCore": ObserveAspNetCore(listener); break;
                case "HttpHandlerDiagnosticListener": ObserveHttpClient(listener); break;
                case "Microsoft.Extensions.Hosting": listener.Subscribe(host); break;
            }
        }
        catch (Exception problem)
        {
            HookLog.Problem($"listening to {listener.Name}", problem);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted() { }

    /// <inheritdoc/>
    public void OnError(Exception error) { }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void ObserveAspNetCore(DiagnosticListener listener) => listener.Subscribe(new AspNetCoreObserver(sink, settings), AspNetCoreObserver.IsWanted);

    [MethodImpl(MethodImplOptions.NoInlining)]
    void ObserveHttpClient(DiagnosticListener listener) => listener.Subscribe(new HttpClientObserver(sink, settings), HttpClientObserver.IsWanted);
}
