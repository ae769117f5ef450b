using System.Text.Json;
using System.Text.Json.Serialization;

namespace Apm.Storage.Documents;

/// <summary>How documents look as JSON in every document store: camelCase, enumerations by name, nulls left out.</summary>
static class DocumentJson
{
    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static string Write<T>(T document) => JsonSerializer.Serialize(document, Options);

    /// <summary>Null when the text is no such document, as after a change of its type that forgot what is stored.</summary>
    public static T? Read<T>(string json) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
