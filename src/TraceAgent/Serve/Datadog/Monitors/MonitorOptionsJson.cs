using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Queries;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>The <c>options</c> of a monitor as Datadog writes them (metrics-monitors §6.5, §6.6). What means nothing here is kept and given back.</summary>
static class MonitorOptionsJson
{
    /// <summary>What is answered for the delay of new hosts when nothing was said; Datadog's figure.</summary>
    const int HostDelaySeconds = 300;

    static readonly (string Word, MonitorState State)[] s_states = [("alert", MonitorState.Alert), ("warn", MonitorState.Warn), ("no data", MonitorState.NoData)];

    static readonly HashSet<string> s_known =
    [
        "thresholds", "threshold_windows", "notify_no_data", "no_data_timeframe", "on_missing_data", "timeout_h", "require_full_window", "evaluation_delay", "new_group_delay", "new_host_delay",
        "renotify_interval", "renotify_occurrences", "renotify_statuses", "escalation_message", "include_tags", "notify_audit", "notify_by", "notification_preset_name", "locked", "silenced", "silenced_until_resolved",
    ];

    /// <exception cref="RefusedException">A member is of the wrong type.</exception>
    public static MonitorOptions Read(DatadogBody body)
    {
        var (thresholds, windows) = (body.Object("thresholds"), body.Object("threshold_windows"));
        return new MonitorOptions
        {
            Thresholds = new MonitorThresholds
            {
                Critical = thresholds.Number("critical"),
                Warning = thresholds.Number("warning"),
                Ok = thresholds.Number("ok"),
                Unknown = thresholds.Number("unknown"),
                CriticalRecovery = thresholds.Number("critical_recovery"),
                WarningRecovery = thresholds.Number("warning_recovery"),
            },
            TriggerWindow = windows.Text("trigger_window"),
            RecoveryWindow = windows.Text("recovery_window"),
            CurrentStart = CurrentStart(body.Object("scheduling_options").Object("evaluation_window")),
            CustomSchedule = MonitorScheduleJson.Read(body.Object("scheduling_options").Object("custom_schedule")),
            GroupRetentionSeconds = Retention(body.Text("group_retention_duration")),
            NotifyNoData = body.Truth("notify_no_data") ?? false,
            NoDataTimeframeMinutes = Whole(body, "no_data_timeframe"),
            OnMissingData = body.Text("on_missing_data"),
            TimeoutHours = Whole(body, "timeout_h") ?? 0,
            RequireFullWindow = body.Truth("require_full_window") ?? false,
            EvaluationDelaySeconds = Whole(body, "evaluation_delay") ?? 0,
            NewGroupDelaySeconds = Whole(body, "new_group_delay"),
            NewHostDelaySeconds = Whole(body, "new_host_delay"),
            RenotifyIntervalMinutes = Whole(body, "renotify_interval"),
            RenotifyOccurrences = Whole(body, "renotify_occurrences"),
            RenotifyStates = body.Texts("renotify_statuses")?.Select(StateOf).ToList(),
            EscalationMessage = body.Text("escalation_message") ?? "",
            IncludeTags = body.Truth("include_tags") ?? true,
            NotifyAudit = body.Truth("notify_audit") ?? false,
            NotifyBy = body.Texts("notify_by"),
            NotificationPreset = body.Text("notification_preset_name"),
            Locked = body.Truth("locked") ?? false,
            Silenced = Silenced(body.Object("silenced")),
            MutesUntilResolved = body.Truth("silenced_until_resolved") ?? false,
            OthersJson = Others(body),
        };
    }

    /// <param name="nowUnixSeconds">Mutes that ended before are left out.</param>
    public static void Write(Utf8JsonWriter json, MonitorOptions options, long nowUnixSeconds)
    {
        json.WriteStartObject("options");
        WriteThresholds(json, options.Thresholds);
        if (options.TriggerWindow is not null || options.RecoveryWindow is not null)
        {
            json.WriteStartObject("threshold_windows");
            json.WriteTextOrNull("trigger_window", options.TriggerWindow);
            json.WriteTextOrNull("recovery_window", options.RecoveryWindow);
            json.WriteEndObject();
        }
        json.WriteBoolean("notify_no_data", options.NotifyNoData);
        WriteNumber(json, "no_data_timeframe", options.NoDataTimeframeMinutes);
        WriteText(json, "on_missing_data", options.OnMissingData);
        WriteNumber(json, "timeout_h", options.TimeoutHours == 0 ? null : options.TimeoutHours);
        if (options.RequireFullWindow) json.WriteBoolean("require_full_window", true);
        WriteNumber(json, "evaluation_delay", options.EvaluationDelaySeconds == 0 ? null : options.EvaluationDelaySeconds);
        WriteNumber(json, "new_group_delay", options.NewGroupDelaySeconds);
        if (options.NewGroupDelaySeconds is null) json.WriteNumber("new_host_delay", options.NewHostDelaySeconds ?? HostDelaySeconds);
        WriteNumber(json, "renotify_interval", options.RenotifyIntervalMinutes);
        WriteNumber(json, "renotify_occurrences", options.RenotifyOccurrences);
        if (options.RenotifyStates is { } states) json.WriteTexts("renotify_statuses", states.Select(state => s_states.First(known => known.State == state).Word));
        WriteText(json, "escalation_message", options.EscalationMessage);
        json.WriteBoolean("include_tags", options.IncludeTags);
        json.WriteBoolean("notify_audit", options.NotifyAudit);
        if (options.NotifyBy is { } by) json.WriteTexts("notify_by", by);
        WriteText(json, "notification_preset_name", options.NotificationPreset);
        json.WriteBoolean("locked", options.Locked);
        json.WriteStartObject("silenced");
        foreach (var (scope, end) in options.Silenced) if (end is null || end > nowUnixSeconds) json.WriteNumberOrNull(scope, end);
        json.WriteEndObject();
        if (options.MutesUntilResolved) json.WriteBoolean("silenced_until_resolved", true); // Ours.
        WriteOthers(json, options.OthersJson);
        json.WriteEndObject();
    }

    static void WriteThresholds(Utf8JsonWriter json, MonitorThresholds thresholds)
    {
        json.WriteStartObject("thresholds");
        foreach (var (name, value) in ((string, double?)[])[("critical", thresholds.Critical), ("warning", thresholds.Warning), ("ok", thresholds.Ok), ("unknown", thresholds.Unknown), ("critical_recovery", thresholds.CriticalRecovery), ("warning_recovery", thresholds.WarningRecovery)])
        {
            if (value is not { } number) continue;
            json.WritePropertyName(name);
            json.WriteRawValue(NumberText.PrintFloat(number)); // Datadog's are floats, and some clients compare the text.
        }
        json.WriteEndObject();
    }

    /// <summary>What <c>scheduling_options</c> says of current windows; it is kept and given back as it was sent.</summary>
    static CurrentWindowStart? CurrentStart(DatadogBody window)
    {
        if (!window.MemberNames.Any()) return null;
        const string path = "options.scheduling_options.evaluation_window";
        if (Whole(window, "hour_starts") is var hour && hour is < 0 or > 59) throw new RefusedException($"{path}.hour_starts is {hour}; it must be a minute from 0 to 59.");
        if (Whole(window, "month_starts") is { } month and not 1) throw new RefusedException($"{path}.month_starts is {month}; months begin with their first day.");
        if (window.Text("day_starts") is { } day && !TimeOnly.TryParseExact(day, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) throw new RefusedException($"{path}.day_starts \"{day}\" must be a time of day such as 04:00.");
        var zone = window.Text("timezone") ?? "UTC";
        if (WallClock.FindZone(zone) is null) throw new RefusedException($"{path}.timezone \"{zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        var begins = window.Text("day_starts") is { } time ? TimeOnly.ParseExact(time, "HH:mm", CultureInfo.InvariantCulture) : TimeOnly.MinValue;
        return new CurrentWindowStart(hour ?? 0, begins.Hour * 60 + begins.Minute, zone);
    }

    static int? Retention(string? text)
    {
        if (text is null) return null;
        var number = int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 10_000 ? count : 0;
        var seconds = text.Length == 0 ? 0 : number * text[^1] switch { 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return seconds is >= 3_600 and <= 72 * 3_600 ? seconds : throw new RefusedException($"options.group_retention_duration \"{text}\" must be from 1h to 72h, such as 2d.");
    }

    static int? Whole(DatadogBody body, string member) => body.Number(member) is not { } number ? null
        : number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue ? (int)number
        : throw new RefusedException($"options.{member} must be a whole number.");

    static MonitorState StateOf(string word) => s_states.FirstOrDefault(known => known.Word == word) is { Word: not null } state ? state.State : throw new RefusedException($"options.renotify_statuses \"{word}\" is not known. There are: {string.Join(", ", s_states.Select(known => known.Word))}.");

    static Dictionary<string, long?> Silenced(DatadogBody silenced) => silenced.Members().ToDictionary(member => member.Name, member => member.Value.ValueKind switch
    {
        JsonValueKind.Null => (long?)null,
        JsonValueKind.Number when member.Value.TryGetInt64(out var end) => end,
        _ => throw new RefusedException($"options.silenced.{member.Name} must be a time in Unix seconds, or null for until further notice."),
    });

    static string Others(DatadogBody body)
    {
        var others = body.Members().Where(member => !s_known.Contains(member.Name)).ToList();
        if (others.Count == 0) return "";
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            foreach (var member in others) member.WriteTo(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    static void WriteOthers(Utf8JsonWriter json, string others)
    {
        if (others.Length == 0) return;
        using var document = JsonDocument.Parse(others);
        foreach (var member in document.RootElement.EnumerateObject()) member.WriteTo(json);
    }

    static void WriteNumber(Utf8JsonWriter json, string name, int? number)
    {
        if (number is { } there) json.WriteNumber(name, there);
    }

    static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text)) json.WriteString(name, text);
    }
}
