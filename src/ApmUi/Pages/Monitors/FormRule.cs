using System.Globalization;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>From the fields of a form to the rule, and back. Pure.</summary>
public static class FormRule
{
    static readonly (string Word, MonitorState State)[] s_states = [("alert", MonitorState.Alert), ("warn", MonitorState.Warn), ("no data", MonitorState.NoData)];

    /// <summary>The rule as it is typed; what is wrong with its query shows when it is read.</summary>
    /// <param name="before">The rule that is changed: what the form has no field for stays. Null for a new one.</param>
    /// <param name="nowUnixSeconds">Of a schedule that is over by then it is said.</param>
    /// <exception cref="MonitorRuleException">A field that holds a number holds something else.</exception>
    public static MonitorRule Of(MonitorForm form, MonitorRule? before, long nowUnixSeconds)
    {
        var options = before?.Options ?? new MonitorOptions();
        // Those of checks stand in the form; of anomalies the window of recovery is that of the alert unless somebody chose another.
        var recoveryWindow = options.TriggerWindow == "last_" + form.AlertWindow ? options.RecoveryWindow : "last_" + form.AlertWindow;
        var schedule = ScheduleFields.Of(form, options.CustomSchedule, nowUnixSeconds);
        return (before ?? new MonitorRule { Type = "", Name = "", Query = "" }) with
        {
            Id = form.Id,
            Type = SignalQuery.TypeOf(form),
            Query = SignalQuery.Of(form).Trim(),
            Name = form.Name,
            Message = MessageOf(form),
            Tags = [.. form.Tags.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Distinct()],
            Priority = form.Priority.Length == 0 ? null : Whole("Priority", form.Priority),
            Options = options with
            {
                Thresholds = ThresholdsOf(form),
                TriggerWindow = form.Kind == "anomaly" ? "last_" + form.AlertWindow : form.Kind == "text" ? options.TriggerWindow : null,
                RecoveryWindow = form.Kind == "anomaly" ? recoveryWindow : form.Kind == "text" ? options.RecoveryWindow : null,
                NotifyNoData = form.Missing == "notify",
                NoDataTimeframeMinutes = form.Missing == "notify" && form.NoDataMinutes.Length > 0 ? Whole("Minutes without data", form.NoDataMinutes) : null,
                OnMissingData = form.Missing is "keep" or "notify" ? null : form.Missing,
                TimeoutHours = form.TimeoutHours.Length > 0 ? Whole("Hours until it is resolved without data", form.TimeoutHours) : 0,
                CustomSchedule = schedule,
                OthersJson = ReferenceEquals(schedule, options.CustomSchedule) ? options.OthersJson : ScheduleFields.Others(options.OthersJson, schedule),
                RequireFullWindow = form.NeedsFullWindow,
                EvaluationDelaySeconds = form.DelaySeconds.Length > 0 ? Whole("Evaluation delay", form.DelaySeconds) : 0,
                NewGroupDelaySeconds = form.GroupDelaySeconds.Length > 0 ? Whole("New group delay", form.GroupDelaySeconds) : null,
                RenotifyIntervalMinutes = form.RepeatMinutes.Length > 0 ? Whole("Tell again after", form.RepeatMinutes) : null,
                RenotifyOccurrences = form.RepeatMinutes.Length > 0 && form.RepeatTimes.Length > 0 ? Whole("Tell again at most", form.RepeatTimes) : null,
                RenotifyStates = form.RepeatStates.Count == 0 ? null : [.. s_states.Where(state => form.RepeatStates.Contains(state.Word)).Select(state => state.State)],
                EscalationMessage = form.Escalation,
                IncludeTags = form.HasGroupInTitle,
                NotifyBy = form.Together.Length == 0 ? null : [.. form.Together.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)],
                NotificationPreset = form.Preset == "show_all" ? null : form.Preset,
            },
        };
    }

    /// <summary>The fields of a rule.</summary>
    public static MonitorForm FormOf(KnownRule known)
    {
        var (rule, options, thresholds) = (known.Rule, known.Rule.Options, known.Rule.Options.Thresholds);
        var (message, recipients) = WithoutRecipients(rule.Message);
        var form = new MonitorForm
        {
            Id = rule.Id,
            Name = rule.Name,
            Message = message,
            Recipients = recipients,
            Tags = string.Join(", ", rule.Tags),
            Priority = Number(rule.Priority),
            Alert = Number(thresholds.Critical),
            Warning = Number(thresholds.Warning),
            AlertRecovery = Number(thresholds.CriticalRecovery),
            WarningRecovery = Number(thresholds.WarningRecovery),
            Ok = Number(thresholds.Ok),
            Unknown = Number(thresholds.Unknown),
            Missing = options.OnMissingData ?? (options.NotifyNoData ? "notify" : "keep"),
            NoDataMinutes = Number(options.NoDataTimeframeMinutes),
            TimeoutHours = options.TimeoutHours > 0 ? Number(options.TimeoutHours) : "",
            DelaySeconds = options.EvaluationDelaySeconds > 0 ? Number(options.EvaluationDelaySeconds) : "",
            GroupDelaySeconds = Number(options.NewGroupDelaySeconds),
            NeedsFullWindow = options.RequireFullWindow,
            RepeatMinutes = options.RenotifyIntervalMinutes is > 0 ? Number(options.RenotifyIntervalMinutes) : "",
            RepeatTimes = Number(options.RenotifyOccurrences),
            RepeatStates = options.RenotifyStates is { } states ? [.. s_states.Where(known => states.Contains(known.State)).Select(known => known.Word)] : [],
            Escalation = options.EscalationMessage,
            HasGroupInTitle = options.IncludeTags,
            Together = string.Join(", ", options.NotifyBy ?? []),
            Preset = options.NotificationPreset ?? "show_all",
        };
        return SignalQuery.FieldsOf(rule, known.Query, ScheduleFields.Fill(form, options.CustomSchedule));
    }

    /// <summary>The message with those who are always told in its last line.</summary>
    static string MessageOf(MonitorForm form)
    {
        var handles = HandlesOf(form.Recipients);
        return handles.Length == 0 ? form.Message : form.Message.Trim().Length == 0 ? handles : $"{form.Message.TrimEnd()}\n\n{handles}";
    }

    /// <summary>Each word as a handle: an address may be typed without the sign before it.</summary>
    public static string HandlesOf(string recipients) =>
        string.Join(' ', recipients.Split([',', ';', ' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(word => word.StartsWith('@') ? word : "@" + word));

    /// <summary>A last line that holds handles and nothing else is of the recipients, when a blank line is before it.</summary>
    static (string Message, string Recipients) WithoutRecipients(string message)
    {
        var cut = message.LastIndexOf("\n\n", StringComparison.Ordinal);
        var last = cut < 0 ? message : message[(cut + 2)..];
        var words = last.Split(' ');
        if (words.Length == 0 || last.Contains('\n', StringComparison.Ordinal) || !Array.TrueForAll(words, word => word.Length > 1 && word[0] == '@' && !word.Contains('{', StringComparison.Ordinal))) return (message, "");
        var before = cut < 0 ? "" : message[..cut];
        return before == before.TrimEnd() ? (before, string.Join(", ", words.Select(word => word[1..].Contains('@', StringComparison.Ordinal) ? word[1..] : word))) : (message, "");
    }

    static MonitorThresholds ThresholdsOf(MonitorForm form)
    {
        var alert = form.Kind is "outlier" or "composite" ? null : Decimal("Alert threshold", form.Alert);
        if (form.Kind == "composite") return new MonitorThresholds();
        if (form.Kind == "text" && MonitorTypes.ServiceCheck != form.Type) alert = null; // It stands in the query.
        return new MonitorThresholds
        {
            Critical = alert,
            Warning = Decimal("Warning threshold", form.Warning),
            CriticalRecovery = form.CountsRuns ? null : Decimal("Alert recovery threshold", form.AlertRecovery),
            WarningRecovery = form.CountsRuns ? null : Decimal("Warning recovery threshold", form.WarningRecovery),
            Ok = form.CountsRuns || form.Type == MonitorTypes.ServiceCheck ? Decimal("Runs until it is well", form.Ok) : null,
            Unknown = form.CountsRuns || form.Type == MonitorTypes.ServiceCheck ? Decimal("Runs until it is unknown", form.Unknown) : null,
        };
    }

    static double? Decimal(string field, string text) => text.Length == 0 ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw Wrong($"{field}: “{text}” is no number. Write it with a point, such as 0.5.");

    static int Whole(string field, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong($"{field}: “{text}” is no whole number.");

    static string Number(double? number) => number is { } given ? NumberText.Print(given) : "";

    static string Number(int? number) => number is { } given ? given.ToString(CultureInfo.InvariantCulture) : "";

    static MonitorRuleException Wrong(string sentence) => new(RuleRefusal.Wrong, sentence);
}
