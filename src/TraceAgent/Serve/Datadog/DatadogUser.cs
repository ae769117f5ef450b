using System.Text.Json;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Who made what is answered. There are keys but no accounts, so it is the one user that there is.</summary>
static class DatadogUser
{
    /// <summary>As it is named where no other maker is known.</summary>
    public const string Handle = "apm@localhost";

    /// <summary>Its id in version 2 of the API.</summary>
    public const string Uuid = "00000000-0000-0000-0000-000000000001";

    /// <summary>The maker as version 1 has it.</summary>
    /// <param name="maker">An address or a name; "" for the one user.</param>
    public static void WriteCreator(Utf8JsonWriter json, string maker)
    {
        json.WriteStartObject("creator");
        json.WriteNumber("id", 1);
        WriteNames(json, maker);
        json.WriteEndObject();
    }

    /// <inheritdoc cref="WriteCreator"/>
    public static void WriteNames(Utf8JsonWriter json, string maker)
    {
        foreach (var name in (string[])["handle", "name", "email"]) json.WriteString(name, maker.Length > 0 ? maker : Handle);
    }
}
