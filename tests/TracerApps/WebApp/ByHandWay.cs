using Apm.Tracer;

namespace TracedWebApp;

static class ByHandWay
{
    public static void Add(IServiceCollection services) => services.AddApmTracing(options =>
    {
        options.ServiceName = "by-hand";
        options.Sources.Add("Shop.*");
        options.FlushInterval = TimeSpan.FromMilliseconds(50);
    });

    public static void Use(IApplicationBuilder app) => app.UseApmTracing(options => options.TraceIdHeader = "X-Trace-Id");

    public static string OwnSpan()
    {
        using var span = ApmTracer.StartSpan("order.price", resource: "standard");
        span.SetTag("order.items", 3).SetError(new ArgumentException("no price"));
        return ApmTracer.ActiveSpan.TraceId;
    }
}
