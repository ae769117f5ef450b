namespace Apm.Core.Errors;

/// <summary>One frame of a stack as a tracer sent it.</summary>
/// <param name="Function">With its type or module where the stack says it; "" when it is not said.</param>
/// <param name="File">As written; "" when it is not said.</param>
/// <param name="Line">0 when it is not said.</param>
/// <param name="IsLibrary">Code of a library, a framework or the runtime, by its path or name.</param>
public sealed record StackFrame(string Function, string File, int Line, bool IsLibrary)
{
    /// <summary>
    /// What tells frames apart, without line numbers, which change with each version: a qualified function alone
    /// (<c>Shop.Orders.Checkout</c>), or a function and the end of its file (<c>checkout in shop/orders.py</c>).
    /// </summary>
    public string Place => File.Length == 0 || IsQualified ? Function : Function.Length == 0 ? ShortFile : $"{Function} in {ShortFile}";

    /// <summary>The last two parts of the path; hashes of a bundler are left out.</summary>
    public string ShortFile
    {
        get
        {
            var parts = File.Split('/', '\\');
            var name = parts[^1].Split('.');
            if (name.Length > 2) name = [.. name.Where((part, i) => i == 0 || i == name.Length - 1 || !IsHash(part))];
            var file = string.Join('.', name);
            return parts.Length > 1 && parts[^2].Length > 0 ? $"{parts[^2]}/{file}" : file;
        }
    }

    /// <summary>Says its type or package, so that the file adds nothing.</summary>
    bool IsQualified => Function.Contains('.', StringComparison.Ordinal) && !File.EndsWith(".py", StringComparison.Ordinal) && !IsScript || Function.Contains('\\', StringComparison.Ordinal);

    bool IsScript => File.EndsWith("js", StringComparison.Ordinal) || File.EndsWith("ts", StringComparison.Ordinal) || File.EndsWith(".rb", StringComparison.Ordinal);

    static bool IsHash(string part) => part.Length >= 6 && part.All(char.IsAsciiHexDigit) && part.Any(char.IsAsciiDigit);
}
