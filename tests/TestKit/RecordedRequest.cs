using System.Net;
using System.Text.Json;

namespace Apm.TestKit;

/// <summary>A request of a real client, as it was recorded: bytes, headers in their order, and the answer it got then.</summary>
/// <param name="Name">Client and number, such as <c>node-zipkin/001</c>.</param>
/// <param name="Listener"><c>agent</c>, <c>otlp-grpc</c>, <c>otlp-http</c>, <c>zipkin</c>, <c>api</c>, <c>dogstatsd</c>.</param>
/// <param name="Status">What the recording server answered.</param>
public sealed record RecordedRequest(string Name, string Listener, string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, int Status)
{
    static readonly HashSet<string> SetByTheClient = new(StringComparer.OrdinalIgnoreCase) { "host", "connection", "content-length", "transfer-encoding" };

    /// <summary>All requests of a client, in the order in which they came.</summary>
    public static IReadOnlyList<RecordedRequest> All(string client) =>
        [.. Directory.GetFiles(Fixtures.PathOf(client), "*.headers.json").Order(StringComparer.Ordinal)
            .Select(file => Read($"{client}/{System.IO.Path.GetFileName(file)[..^".headers.json".Length]}"))];

    /// <summary>One request, such as <c>node-zipkin/001</c>.</summary>
    public static RecordedRequest Read(string name)
    {
        using var head = JsonDocument.Parse(Fixtures.Bytes($"{name}.headers.json"));
        var root = head.RootElement;
        return new RecordedRequest(
            name, root.GetProperty("listener").GetString()!, root.GetProperty("method").GetString()!, root.GetProperty("path").GetString()!,
            [.. root.GetProperty("headers").EnumerateArray().Select(pair => KeyValuePair.Create(pair[0].GetString()!, pair[1].GetString()!))],
            Fixtures.Bytes($"{name}.bin"), root.TryGetProperty("status", out var status) ? status.GetInt32() : 0);
    }

    /// <summary>The same request again: its method, path and headers, chunked where it was, over HTTP/2 from the first byte where it was gRPC.</summary>
    /// <param name="server">Where to send it.</param>
    public HttpRequestMessage ToMessage(Uri server)
    {
        var message = new HttpRequestMessage(new HttpMethod(Method), new Uri(server, Path)) { Content = new ByteArrayContent(Body) };
        if (Listener == "otlp-grpc")
        {
            message.Version = HttpVersion.Version20;
            message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }
        foreach (var (name, value) in Headers.Where(header => !header.Key.StartsWith(':') && !SetByTheClient.Contains(header.Key)))
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content.Headers.TryAddWithoutValidation(name, value);
        if (Headers.Any(header => header.Key.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase))) message.Headers.TransferEncodingChunked = true;
        return message;
    }
}
