using Apm.Cli.Host;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Python;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>The settings of this host and of checks (docs/checks.md), with the names they have in a <c>datadog.yaml</c>.</summary>
static class CheckCatalogue
{
    static readonly string[] Tabs = ["accept", "error"];

    public static IEnumerable<Setting> All()
    {
        yield return new("hostname", SettingKind.Text, s => s.Checks.Hostname, (s, v) => s with { Checks = s.Checks with { Hostname = (string)v } }, "Name of this host; by default the system's.") { OtherVariables = ["DD_HOSTNAME"] };
        yield return Tags("tags", s => s.Tags, (s, tags) => s with { Tags = tags }, "Tags of this host, which all its series match.", "DD_TAGS");
        yield return Tags("extra_tags", s => s.ExtraTags, (s, tags) => s with { ExtraTags = tags }, "Further tags of this host.", "DD_EXTRA_TAGS");
        yield return Folder("confd_path", s => s.ConfD, (s, v) => s with { ConfD = v }, "Folder of the checks' files; by default `conf.d` beside the settings file, or in the working folder.", "DD_CONFD_PATH");
        yield return Folder("additional_checksd", s => s.ChecksD, (s, v) => s with { ChecksD = v }, "Folder of checks written in Python; by default `checks.d` there.", "DD_ADDITIONAL_CHECKSD");
        yield return new("yaml_tabs", SettingKind.OneOf(Tabs), s => Tabs[s.Checks.AcceptsTabs ? 0 : 1], (s, v) => With(s, checks => checks with { AcceptsTabs = (string)v == "accept" }), "Tabs that indent a `datadog.yaml` or a check's file: read as blanks with a warning, or refused.");
        yield return Schedule("check_runners", SettingKind.Count(1, 100), s => (long)s.MaxRunners, (s, v) => s with { MaxRunners = (int)(long)v }, "CheckScheduleSettings.MaxRunners", "Checks that run at once; others wait.") with { OtherVariables = ["DD_CHECK_RUNNERS"] };
        yield return Schedule("checks.timeout", SettingKind.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)), s => s.Timeout, (s, v) => s with { Timeout = (TimeSpan)v }, "CheckScheduleSettings.Timeout", "How long a run of a check may take. A longer one is stopped and has failed.");
        yield return Schedule("checks.max_instances", SettingKind.Count(1, 100_000), s => (long)s.MaxInstances, (s, v) => s with { MaxInstances = (int)(long)v }, "CheckScheduleSettings.MaxInstances", "Instances of all checks. Those beyond are not run.");
        yield return Schedule("checks.max_submissions_per_run", SettingKind.Count(100, 10_000_000), s => (long)s.MaxSubmissionsPerRun, (s, v) => s with { MaxSubmissionsPerRun = (int)(long)v }, "CheckScheduleSettings.MaxSubmissionsPerRun", "Numbers, events and answers of one run. Further ones are dropped.");
        yield return new("checks.host_metrics", SettingKind.Boolean, s => s.Checks.HasHostMetrics, (s, v) => With(s, checks => checks with { HasHostMetrics = (bool)v }), "Measure this host (processors, memory, disks, network …) every 15 s.");
        yield return new("checks.python", SettingKind.Text, s => s.Checks.Python.Interpreter, (s, v) => WithPython(s, python => python with { Interpreter = (string)v }), "Program that runs checks written in Python, 3.6 or newer.");
        yield return new("checks.max_python_bytes", SettingKind.Bytes(33_554_432, 100_000_000_000), s => s.Checks.Python.MaxBytes, (s, v) => WithPython(s, python => python with { MaxBytes = (long)v }), "Memory of one Python check's process and all that it started. Beyond it an allocation fails, or they are stopped.") { Limits = ["PythonSettings.MaxBytes"] };
        yield return new("checks.max_python_processes", SettingKind.Count(1, 10_000), s => (long)s.Checks.Python.MaxProcesses, (s, v) => WithPython(s, python => python with { MaxProcesses = (int)(long)v }), "Processes that one Python check may have at once. Beyond it all of them are stopped.") { Limits = ["PythonSettings.MaxProcesses"] };
    }

    static Setting Tags(string name, Func<CheckHostSettings, IReadOnlyList<string>> get, Func<CheckHostSettings, IReadOnlyList<string>, CheckHostSettings> set, string effect, string variable) =>
        new(name, new SettingKind("a list of texts such as team:shop", "[\"team:shop\"]", text => new TagList(TagList.Split(text)), value => string.Join(", ", ((TagList)value).Tags)) { IsList = true },
            s => new TagList(get(s.Checks)), (s, v) => With(s, checks => set(checks, ((TagList)v).Tags)), effect)
        {
            OtherVariables = [variable],
            ReadNode = node => TagList.Read(name, node, takesText: true),
            Complain = value => value is TagList { Culprit: { } culprit } tags ? new SettingComplaint(culprit, tags.Sentence, YamlText.List(name, tags.Tags), tags.Original) : null,
        };

    static Setting Folder(string name, Func<CheckHostSettings, string> get, Func<CheckHostSettings, string, CheckHostSettings> set, string effect, string variable) =>
        new(name, SettingKind.Text, s => get(s.Checks), (s, v) => With(s, checks => set(checks, (string)v)), effect) { OtherVariables = [variable] };

    static Setting Schedule(string name, SettingKind kind, Func<CheckScheduleSettings, object> get, Func<CheckScheduleSettings, object, CheckScheduleSettings> set, string limit, string effect) =>
        new(name, kind, s => get(s.Checks.Schedule), (s, v) => With(s, checks => checks with { Schedule = set(checks.Schedule, v) }), effect) { Limits = [limit] };

    static HostSettings WithPython(HostSettings settings, Func<PythonSettings, PythonSettings> change) => With(settings, checks => checks with { Python = change(checks.Python) });

    static HostSettings With(HostSettings settings, Func<CheckHostSettings, CheckHostSettings> change) => settings with { Checks = change(settings.Checks) };
}
