using System.Globalization;
using System.Text;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>What the statements gave, by the server's names (whatever their case); and how values of a row are read.</summary>
public sealed class MySqlValues
{
    readonly Dictionary<string, string> _texts = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, double> _numbers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the two columns of SHOW STATUS or SHOW VARIABLES; a later value replaces an earlier one.</summary>
    public void Add(MySqlRows rows)
    {
        foreach (var row in rows.Rows)
            if (row.Length >= 2 && Text(row[0]) is { } name && Text(row[1]) is { } value) Set(name, value);
    }

    public void Set(string name, string value)
    {
        _texts[name] = value;
        if (Number(value) is { } number) _numbers[name] = number;
        else _numbers.Remove(name);
    }

    public void Set(string name, double value)
    {
        _numbers[name] = value;
        _texts[name] = value.ToString(CultureInfo.InvariantCulture);
    }

    public bool TryGet(string name, out double value) => _numbers.TryGetValue(name, out value);

    public double? Find(string name) => _numbers.TryGetValue(name, out var value) ? value : null;

    public string? TextOf(string name) => _texts.GetValueOrDefault(name);

    /// <summary>Whether a variable is <c>ON</c> or 1.</summary>
    public bool IsOn(string name) => TextOf(name) is { } text && (text.Equals("ON", StringComparison.OrdinalIgnoreCase) || text is "1");

    /// <summary>A value of a row as text; null for NULL.</summary>
    public static string? Text(object? value) => value switch
    {
        null or DBNull => null,
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    /// <summary>A value of a row as a finite number; null for NULL and for what is none.</summary>
    public static double? Number(object? value)
    {
        if (value is bool flag) return flag ? 1 : 0;
        return double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
    }
}
