using System.Text;

namespace Apm.Core.Endpoints;

/// <summary>
/// A span's resource that holds a path or an address as it was called, taken apart:
/// <code>
/// [METHOD ][scheme://host]/segment/segment[?query][#fragment]
/// </code>
/// </summary>
/// <param name="Method">With its blank; "" when there is none.</param>
/// <param name="Scheme">With <c>://</c>; "" for a path alone.</param>
/// <param name="Host">With its port; "" for a path alone.</param>
/// <param name="Path">From its first slash; without query and fragment.</param>
public readonly record struct RawName(string Method, string Scheme, string Host, string Path)
{
    /// <summary>Longest method: <c>PROPPATCH</c>.</summary>
    const int MaxMethodChars = 9;

    /// <summary>Whether a resource holds a path or an address at all. Reads a few bytes.</summary>
    public static bool Looks(ReadOnlySpan<byte> resource)
    {
        var start = MethodLength(resource);
        var rest = resource[start..];
        return (rest.Length > 1 && rest[0] == '/' && !(start == 0 && LooksLikeRpc(rest))) || rest.StartsWith("http://"u8) || rest.StartsWith("https://"u8);
    }

    /// <summary>Takes a resource apart for which <see cref="Looks"/> holds.</summary>
    public static RawName Parse(string resource)
    {
        var start = MethodLength(Encoding.UTF8.GetBytes(resource));
        var method = resource[..start];
        var rest = resource[start..];
        var end = rest.AsSpan().IndexOfAny('?', '#');
        if (end >= 0) rest = rest[..end];
        var scheme = rest.IndexOf("://", StringComparison.Ordinal);
        if (rest[0] == '/' || scheme < 0) return new RawName(method, "", "", rest);
        var hostStart = scheme + 3;
        var slash = rest.IndexOf('/', hostStart);
        var host = slash < 0 ? rest[hostStart..] : rest[hostStart..slash];
        host = host[(host.LastIndexOf('@') + 1)..];
        return new RawName(method, rest[..hostStart], host, slash < 0 ? "" : rest[slash..]);
    }

    /// <summary>The path or address alone, with its query.</summary>
    public static ReadOnlySpan<byte> WithoutMethod(ReadOnlySpan<byte> resource) => resource[MethodLength(resource)..];

    /// <summary>A method and its blank, in bytes; 0 when it does not begin with one.</summary>
    static int MethodLength(ReadOnlySpan<byte> resource)
    {
        var end = resource[..Math.Min(resource.Length, MaxMethodChars + 1)].IndexOf((byte)' ');
        return end >= 3 && !resource[..end].ContainsAnyExceptInRange((byte)'A', (byte)'Z') ? end + 1 : 0;
    }

    /// <summary><c>/package.Service/Method</c>: a call by gRPC, which has no values in it.</summary>
    static bool LooksLikeRpc(ReadOnlySpan<byte> path)
    {
        var slash = path[1..].IndexOf((byte)'/');
        return slash > 0 && path.Slice(1, slash).Contains((byte)'.') && !path[(slash + 2)..].Contains((byte)'/') && !path.Contains((byte)'?');
    }
}
