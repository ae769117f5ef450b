using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace Apm.Cli.Host;

/// <summary>
/// Compresses pages that are sent in parts as well. The framework marks those <c>identity</c>, for compressors that cannot hand on what they
/// have; those of today can, and such a page is five times as long without.
/// </summary>
sealed class StreamedPageCompression(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
{
    public override bool ShouldCompressResponse(HttpContext context)
    {
        if (context.Response.Headers.ContentEncoding == "identity") context.Response.Headers.Remove("Content-Encoding");
        return base.ShouldCompressResponse(context);
    }
}
