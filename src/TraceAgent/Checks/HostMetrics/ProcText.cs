using System.Globalization;

namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>Reading of the small tables below <c>/proc</c>.</summary>
static class ProcText
{
    /// <summary>Lines that hold something.</summary>
    public static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The words of a line.</summary>
    public static string[] Words(string line) => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    /// <exception cref="CheckFailedException">It is no number.</exception>
    public static double Number(string word) => double.TryParse(word.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CheckFailedException($"\"{word}\" stands where the kernel gives a number; this is a form of the file that is not known here.");
}
