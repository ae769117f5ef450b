using System.Globalization;

namespace Apm.Core.Errors;

/// <summary>Names an issue: the hash of what its errors have in common (<see cref="ErrorFingerprint"/>). The same errors give the same id on every installation.</summary>
public readonly record struct IssueId(ulong Value)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; false for anything else.</summary>
    public static bool TryParse(string? text, out IssueId id)
    {
        var isId = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text!.Length == 16;
        id = new IssueId(isId ? value : 0);
        return isId;
    }

    /// <summary>16 hex digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
