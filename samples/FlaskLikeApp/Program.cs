// The routes of the Flask sample, and four more. Nothing here knows of tracing.
var builder = WebApplication.CreateBuilder(args);
if (string.IsNullOrEmpty(builder.Configuration["urls"])) builder.WebHost.UseUrls("http://localhost:5080");
builder.Services.AddHttpClient();
var app = builder.Build();

var downstream = Environment.GetEnvironmentVariable("DOWNSTREAM_URL") ?? "http://localhost:5050/api/apm";

app.MapGet("/", () => "Entrypoint to the Application");
app.MapGet("/api/apm", () => "Getting APM Started");
app.MapGet("/api/trace", () => "Posting Traces");
app.MapGet("/api/user/{id}", (string id) => $"User {id}");
app.MapGet("/api/downstream", async (HttpClient http, CancellationToken cancel) => "Downstream says: " + await http.GetStringAsync(downstream, cancel));
app.MapGet("/api/slow", async (CancellationToken cancel) =>
{
    await Task.Delay(750, cancel);
    return "That took a while";
});
app.MapGet("/api/fail", string () => throw new InvalidOperationException("This route always fails"));

app.Run();
