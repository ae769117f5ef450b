using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Apm.Benchmarks;

/// <summary>
/// A server without sockets, for <see cref="TracerBenchmark"/>: the requests are made in the process, one after the other, and go through the
/// whole of ASP.NET. What is left is so little that a tracer's part of it can be told to some ten nanoseconds.
/// </summary>
sealed class TracerInside : IServer
{
    const int Bursts = 60, RequestsPerBurst = 4_000;

    readonly TaskCompletionSource<string> _measured = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nanoseconds of a request on its thread, nanoseconds of the whole process's processor time, which has the sending in it, and bytes on its thread; as cells of a table.</summary>
    public Task<string> Measured => _measured.Task;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _ = Task.Run(() => Measure(application), CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() { }

    void Measure<TContext>(IHttpApplication<TContext> application)
        where TContext : notnull
    {
        for (var burst = 0; burst < Bursts; burst++) Serve(application);
        Thread.Sleep(1_000); // So that what was compiled meanwhile is in use.
        for (var burst = 0; burst < Bursts; burst++) Serve(application);
        var (bytes, nanos, processor) = (0L, new List<double>(), Environment.CpuUsage.TotalTime);
        for (var burst = 0; burst < Bursts; burst++)
        {
            Thread.Sleep(50); // What the burst left is sent.
            var (began, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            Serve(application);
            nanos.Add(Stopwatch.GetElapsedTime(began).TotalNanoseconds / RequestsPerBurst);
            bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
        }
        Thread.Sleep(1_000);
        processor = Environment.CpuUsage.TotalTime - processor;
        const double Count = Bursts * RequestsPerBurst;
        _measured.SetResult(string.Create(CultureInfo.InvariantCulture, $"{nanos.Order().ElementAt(Bursts / 2):F0} | {processor.TotalNanoseconds / Count:F0} | {bytes / Count:F0}"));
    }

    static void Serve<TContext>(IHttpApplication<TContext> application)
        where TContext : notnull
    {
        for (var i = 0; i < RequestsPerBurst; i++)
        {
            var features = new FeatureCollection();
            var request = new HttpRequestFeature { Method = "GET", Scheme = "http", Path = "/" };
            request.Headers.Host = "127.0.0.1:24631";
            request.Headers.UserAgent = "benchmark";
            features.Set<IHttpRequestFeature>(request);
            features.Set<IHttpResponseFeature>(new HttpResponseFeature());
            features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
            var context = application.CreateContext(features);
            application.ProcessRequestAsync(context).GetAwaiter().GetResult();
            application.DisposeContext(context, null);
        }
    }
}
