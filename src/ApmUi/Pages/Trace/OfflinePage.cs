using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Query.TraceFiles;
using Apm.Query.Traces;
using Microsoft.Extensions.FileProviders;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>
/// A trace as one page that works from a file: waterfall, flame graph and attributes, with script, style and data within. Secrets are masked.
/// Its policy names its script by its digest and forbids everything else, every address above all; so whatever stands in a span cannot run or call out.
/// </summary>
public static class OfflinePage
{
    /// <summary>Most spans whose attributes are in the file; default 20,000, about 10 MB. Those beyond have a bar and no attributes, and the panel says so.</summary>
    public const int MaxDetailedSpans = 20_000;

    static readonly JsonSerializerOptions ColumnForm = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Reads a script or style that the build made.</summary>
    /// <exception cref="FileNotFoundException">It was built without them (<c>SkipWebAssets</c>).</exception>
    public static async Task<string> ReadAsset(IFileProvider files, string name)
    {
        var file = files.GetFileInfo("_content/Apm.ApmUi/js/" + name);
        if (!file.Exists) throw new FileNotFoundException($"The screens were built without {name}: build without -p:SkipWebAssets=true.");
        await using var stream = file.CreateReadStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    /// <summary>The whole file, UTF-8.</summary>
    /// <param name="tree">The trace, with its clocks as the page shows them.</param>
    /// <param name="colorOf">Colour token of a service.</param>
    /// <param name="state">Tells the zone in which times are written.</param>
    /// <param name="script">Text of <c>offline.js</c>.</param>
    /// <param name="style">Text of <c>offline.css</c>.</param>
    public static ReadOnlyMemory<byte> Of(TraceTree tree, Func<string, string> colorOf, PageState state, string script, string style)
    {
        var title = Text(SecretMask.Of("", TraceView.TitleOf(tree.Root)));
        var repeated = RepeatedCalls.Find(tree).Take(RepeatedCallView.MaxShown).Select(call => SecretMask.Of("", RepeatedCallView.Of(state, tree, call).Says));
        var warnings = new[] { tree.IncompleteReason, ClockWords(tree) }.OfType<string>().Concat(repeated);
        // A script's text ends at the first "</script", which none of ours holds outside of strings; nor may it begin a comment.
        script = script.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase).Replace("<!--", "<\\!--", StringComparison.Ordinal);
        var head = $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{Digest(script)}'; style-src '{Digest(style)}'; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} · trace {tree.TraceId}</title>
            <style>{style}</style>
            </head>
            <body>
            <main>
            <header class="card head">
            <b>{Text(tree.Root.Service)}</b><h1>{title}</h1><b>{Figure.Duration(tree.DurationNanos)}</b>
            <span>{state.TimeExact(tree.StartUnixNanos)}</span>
            <span><b>{Figure.Whole(tree.SpanCount)}</b> {(tree.SpanCount == 1 ? "span" : "spans")}</span>
            <span><b>{tree.Services.Count}</b> {(tree.Services.Count == 1 ? "service" : "services")}</span>
            {(tree.ErrorCount > 0 ? $"""<span class="err"><b>{Figure.Whole(tree.ErrorCount)}</b> {(tree.ErrorCount == 1 ? "error" : "errors")}</span>""" : "")}
            <span class="mono">{tree.TraceId}</span>
            <span class="views" role="group" aria-label="View"><button type="button" data-view="apm-waterfall" aria-pressed="true">Waterfall</button><button type="button" data-view="apm-flame" aria-pressed="false">Flame</button></span>
            </header>
            {string.Concat(warnings.Select(warning => $"""<p class="notice">{Text(warning)}</p>"""))}
            <div id="split"><section class="card" id="spans" aria-label="Spans"></section><aside id="panel" class="card" aria-label="Span" hidden></aside></div>
            <p class="note">Saved by Apm{(state.Now.ToString(" 'on' yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture))}. Values that look like secrets are left out ([masked]).</p>
            </main>
            <script type="application/json" id="trace">
            """;
        using var body = new MemoryStream();
        body.Write(Encoding.UTF8.GetBytes(head));
        WriteData(body, tree, colorOf);
        body.Write(Encoding.UTF8.GetBytes($"</script>\n<script>{script}</script>\n</body>\n</html>\n"));
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    static string? ClockWords(TraceTree tree) => tree.AlignedClocks.Count > 0
        ? $"Times of {string.Join(", ", tree.AlignedClocks.Select(clock => $"{clock.Host} are moved by {(clock.OffsetNanos > 0 ? "+" : "−")}{Figure.Duration(Math.Abs(clock.OffsetNanos))}"))}: clocks disagree."
        : tree.ClockSkewReason;

    /// <summary>The writer's own escapes keep "&lt;" out of the data, so nothing in it can end the script that holds it.</summary>
    static void WriteData(Stream to, TraceTree tree, Func<string, string> colorOf)
    {
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WritePropertyName("skeleton");
        JsonSerializer.Serialize(json, TraceSkeleton.Of(tree, colorOf, withLanes: true, text => SecretMask.Of("", text)), ColumnForm);
        json.WriteBoolean("truncated", tree.Nodes.Count > MaxDetailedSpans);
        json.WriteStartArray("spans");
        foreach (var node in tree.Nodes.Take(MaxDetailedSpans))
        {
            if (node.ReadSpan() is { } span) TraceFile.WriteSpan(json, span, isMasked: true, tree.TraceId);
            else json.WriteNullValue();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static string Digest(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    static string Text(string text) => WebUtility.HtmlEncode(text);
}
