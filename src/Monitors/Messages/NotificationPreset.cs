namespace Apm.Monitors.Messages;

/// <summary>Which parts of a notice are shown beside the message (metrics-monitors §6.6, <c>notification_preset_name</c>).</summary>
/// <param name="HasQuery">The sentence that says what was compared.</param>
/// <param name="HasHandles">The handles in the message.</param>
/// <param name="HasFooter">Times and links.</param>
/// <param name="HasPicture">The chart.</param>
public sealed record NotificationPreset(bool HasQuery, bool HasHandles, bool HasFooter, bool HasPicture)
{
    /// <summary>All names that there are.</summary>
    public static IReadOnlyList<string> Names { get; } = ["show_all", "hide_query", "hide_handles", "hide_all", "hide_query_and_handles", "show_only_snapshot", "hide_handles_and_footer"];

    /// <summary>The preset of a name; everything for none and for a name that there is not.</summary>
    public static NotificationPreset Of(string? name) => name switch
    {
        "hide_query" => new(false, true, true, true),
        "hide_handles" => new(true, false, true, true),
        "hide_all" => new(false, false, false, false),
        "hide_query_and_handles" => new(false, false, true, true),
        "show_only_snapshot" => new(false, false, false, true),
        "hide_handles_and_footer" => new(true, false, false, true),
        _ => new(true, true, true, true),
    };
}
