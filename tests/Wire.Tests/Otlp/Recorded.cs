using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using Apm.TestKit;

namespace Apm.Wire.Tests.Otlp;

/// <summary>A recorded request with what its transport wrapped around it taken off: gzip, and gRPC's frame.</summary>
internal sealed record Recorded(string Name, string Path, bool IsJson, byte[] Body)
{
    public bool IsTraces => Path.Contains("/v1/traces", StringComparison.Ordinal) || Path.Contains("TraceService", StringComparison.Ordinal);
    public bool IsMetrics => Path.Contains("/v1/metrics", StringComparison.Ordinal) || Path.Contains("MetricsService", StringComparison.Ordinal);

    /// <summary>All requests of a folder, in order.</summary>
    public static IEnumerable<Recorded> Of(string folder) =>
        Directory.GetFiles(Fixtures.PathOf(folder), "*.bin").Order(StringComparer.Ordinal).Select(file => Load($"{folder}/{System.IO.Path.GetFileName(file)}"));

    public static Recorded Load(string name)
    {
        var body = Fixtures.Bytes(name);
        using var request = JsonDocument.Parse(Fixtures.Bytes(name.Replace(".bin", ".headers.json", StringComparison.Ordinal)));
        var headers = request.RootElement.GetProperty("headers").EnumerateArray()
            .ToLookup(header => header[0].GetString()!.ToLowerInvariant(), header => header[1].GetString()!);
        var type = headers["content-type"].FirstOrDefault("");
        if (headers["content-encoding"].Contains("gzip")) body = Unzip(body);
        if (type.StartsWith("application/grpc", StringComparison.Ordinal))
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1));
            var isZipped = body[0] == 1;
            body = body.AsSpan(5, length).ToArray();
            if (isZipped) body = Unzip(body);
        }
        return new Recorded(name, request.RootElement.GetProperty("path").GetString()!, type.Contains("json", StringComparison.Ordinal), body);
    }

    static byte[] Unzip(byte[] bytes)
    {
        using var unzipped = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress)) gzip.CopyTo(unzipped);
        return unzipped.ToArray();
    }
}
