namespace Apm.ApmUi.Pages.Board;

/// <summary>Names of files that are downloaded.</summary>
static class FileNames
{
    /// <summary>Letters, digits and hyphens of a title, at most 60; something else when there are none.</summary>
    public static string Of(string title, string otherwise)
    {
        var name = new string([.. title.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').Take(60)]).Trim('-');
        return name.Length > 0 ? name : otherwise;
    }
}
