using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Parameters of a call, and what its answers have in common.</summary>
static class DatadogParameters
{
    const long MaxUnixSeconds = 9_000_000_000;

    /// <summary>A parameter; "" when it is not there.</summary>
    public static string Text(HttpContext http, string name) => http.Request.Query[name].ToString();

    /// <summary>The parts of a list with commas; empty when it is not there.</summary>
    public static IReadOnlyList<string> List(HttpContext http, string name) => Text(http, name).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Unix seconds; null when it is not there.</summary>
    /// <exception cref="RefusedException">It is no such number.</exception>
    public static long? Seconds(HttpContext http, string name)
    {
        if (Text(http, name) is not { Length: > 0 } text) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= MaxUnixSeconds ? (long)seconds
            : throw new RefusedException($"The parameter '{name}' is no time. Give it in Unix seconds, such as {name}=1700000000.");
    }

    /// <summary>Unix seconds of a body; null when they are not there.</summary>
    /// <exception cref="RefusedException">It is no such number.</exception>
    public static long? Seconds(DatadogBody body, string name) => body.Number(name) switch
    {
        null => null,
        { } seconds and >= 0 and <= MaxUnixSeconds => (long)seconds,
        _ => throw new RefusedException($"The parameter '{name}' is no time. Give it in Unix seconds, such as 1700000000."),
    };

    /// <exception cref="RefusedException">It is not there, or no such number.</exception>
    public static long NeededSeconds(HttpContext http, string name) =>
        Seconds(http, name) ?? throw new RefusedException($"The parameter '{name}' is missing. Give it in Unix seconds, such as {name}=1700000000.");

    /// <exception cref="RefusedException">It is no number from <paramref name="least"/> to <paramref name="most"/>.</exception>
    public static int Number(HttpContext http, string name, int otherwise, int least, int most)
    {
        if (Text(http, name) is not { Length: > 0 } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw new RefusedException($"The parameter '{name}' must be a number from {least} to {most}.");
    }

    /// <exception cref="RefusedException">It is neither true nor false.</exception>
    public static bool Truth(HttpContext http, string name) => Text(http, name).ToLowerInvariant() switch
    {
        "" or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw new RefusedException($"The parameter '{name}' must be true or false."),
    };

    /// <summary>A part of the path.</summary>
    public static string Path(HttpContext http, string name) => http.Request.RouteValues[name]?.ToString() ?? "";

    /// <summary>The start of links into this server, as the caller reached it.</summary>
    public static string Site(HttpContext http) => $"{http.Request.Scheme}://{http.Request.Host}";

    public static void WriteTextOrNull(this Utf8JsonWriter json, string name, string? text)
    {
        if (string.IsNullOrEmpty(text)) json.WriteNull(name);
        else json.WriteString(name, text);
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } there) json.WriteNumber(name, there);
        else json.WriteNull(name);
    }

    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
