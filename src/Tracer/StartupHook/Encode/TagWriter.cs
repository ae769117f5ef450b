using System.Collections;
using System.Diagnostics;
using System.Globalization;

namespace Apm.StartupHook.Encode;

/// <summary>Writes an activity's own tags: texts into <c>meta</c>, numbers into <c>metrics</c>.</summary>
internal static class TagWriter
{
    /// <summary>Most tags of one span; further ones are left out.</summary>
    public const int MaxTags = 250;

    /// <summary>Writes the tags that are texts, truth values or lists.</summary>
    /// <returns>How many pairs were written.</returns>
    public static int WriteTexts(MsgPackBuffer to, Activity activity)
    {
        var count = 0;
        foreach (ref readonly var tag in activity.EnumerateTagObjects())
        {
            if (count == MaxTags) break;
            if (tag.Value is null || IsReserved(tag.Key)) continue;
            var text = tag.Value as string;
            if (text is null && IsNumber(tag.Value)) continue;
            to.Text(tag.Key);
            to.Text(text ?? TextOf(tag.Value));
            count++;
        }
        return count;
    }

    /// <summary>Writes the tags that are numbers.</summary>
    /// <returns>How many pairs were written.</returns>
    public static int WriteNumbers(MsgPackBuffer to, Activity activity)
    {
        var count = 0;
        foreach (ref readonly var tag in activity.EnumerateTagObjects())
        {
            if (count == MaxTags) break;
            if (tag.Value is null or string || !IsNumber(tag.Value) || IsReserved(tag.Key)) continue;
            to.Text(tag.Key);
            to.Double(Convert.ToDouble(tag.Value, CultureInfo.InvariantCulture));
            count++;
        }
        return count;
    }

    /// <summary>A value as text: lists as JSON-like arrays, truth values in lower case, numbers without culture.</summary>
    public static string TextOf(object value)
    {
        switch (value)
        {
            case string text: return text;
            case bool flag: return flag ? "true" : "false";
            case byte[] bytes: return Convert.ToBase64String(bytes);
            case IFormattable formattable: return formattable.ToString(null, CultureInfo.InvariantCulture);
            case IEnumerable list:
                var items = new List<string>();
                foreach (var item in list)
                {
                    if (items.Count == 64) break; // A tag is a remark, not a data set.
                    items.Add(item switch
                    {
                        null => "null",
                        bool or byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal => TextOf(item),
                        _ => $"\"{System.Text.Json.JsonEncodedText.Encode(item.ToString() ?? "")}\"",
                    });
                }
                return $"[{string.Join(',', items)}]";
            default: return value.ToString() ?? "";
        }
    }

    static bool IsNumber(object value) => Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal && value is not Enum;

    // These say what the span is and have become its fields.
    static bool IsReserved(string key) => key is "operation.name" or "resource.name" or "service.name" or "span.type" or "span.kind";
}
