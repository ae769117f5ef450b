using System.Diagnostics;
using TracedWebApp;

var builder = WebApplication.CreateBuilder(args[1..]);
builder.Services.AddHttpClient();
builder.Services.AddControllers();
// Each way in a class of its own: only the chosen one loads its assemblies.
switch (args[0])
{
    case "opentelemetry": OpenTelemetryWay.AddTraces(builder.Services); break;
    case "metrics": OpenTelemetryWay.AddMetrics(builder.Services); break;
    case "by-hand": ByHandWay.Add(builder.Services); break;
}

var app = builder.Build();
if (args[0] == "by-hand") ByHandWay.Use(app);
app.UseExceptionHandler(handler => handler.Run(context => context.Response.WriteAsync("sorry")));
app.UseRouting();

using var source = new ActivitySource("Shop.Orders");
app.MapGet("/order/{id}", (string id) =>
{
    using var order = source.StartActivity("place order");
    order?.SetTag("order.id", id);
    return "ordered";
});
app.MapGet("/own", ByHandWay.OwnSpan);
app.MapGet("/handled", string () => throw new InvalidOperationException("handled further out"));
app.MapGet("/headers", (HttpRequest request) => request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()));
app.MapGet("/call", (string url, HttpClient http, CancellationToken cancel) => http.GetStringAsync(url, cancel));
app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}");
app.Run();
