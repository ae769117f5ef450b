using System.Globalization;
using System.Text.Json;
using System.Text;
using Apm.Core.Diagnosis;

namespace Apm.TraceAgent.Configuration;

/// <summary>
/// Reads a file of <c>conf.d</c>: <code>
/// init_config: map or nothing
/// instances: list of maps
/// </code>
/// and whatever people write instead. What can be understood is read as it is meant and answered with a warning that has the lines to
/// write; the rest is an error, and the file or instance is left out (metrics-monitors §9.3 to §9.5). Reads text only.
/// </summary>
public sealed class CheckFileReader
{
    /// <summary>Largest file of a check; a larger one is refused.</summary>
    public const int MaxFileBytes = 1_048_576;

    /// <summary>Most instances of a file; those beyond are left out and said.</summary>
    public const int MaxInstances = 1_000;

    /// <summary>Longest interval, a year; a longer one is cut to it.</summary>
    public const int MaxIntervalSeconds = 31_536_000;

    const string IntervalKey = "min_collection_interval";

    static readonly string[] KnownKeys =
        ["init_config", "instances", "ad_identifiers", "advanced_ad_identifiers", "cluster_check", "ignore_autodiscovery_tags", "check_tag_cardinality", "docker_images", "jmx_metrics", "logs"];

    readonly string _checkName;
    readonly string _file;
    readonly IndentTabs _tabs;
    readonly string[] _lines;
    readonly List<ConfigComplaint> _complaints = [];

    CheckFileReader(string checkName, string file, string text)
    {
        _checkName = checkName;
        _file = file;
        _tabs = IndentTabs.Find(text);
        _lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
    }

    /// <summary>Reads one file.</summary>
    /// <param name="checkName">What it configures.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="acceptsTabs">Tabs that indent are read as blanks with a warning; else they are an error, as for the Datadog agent.</param>
    public static CheckFile Read(string checkName, string file, string text, bool acceptsTabs)
    {
        var reader = new CheckFileReader(checkName, file, text);
        return reader.ReadFile(acceptsTabs);
    }

    CheckFile ReadFile(bool acceptsTabs)
    {
        if (_tabs.Lines.Count > 0 && !acceptsTabs)
        {
            ComplainOfTabs("A tab indents this line; YAML takes blanks only. The file is not used (yaml_tabs: error).", isError: true, []);
            return Nothing();
        }
        SettingsNode? root;
        try
        {
            root = SettingsTree.Read(_tabs.Text, takesReferences: true);
        }
        catch (YamlProblemException problem)
        {
            if (_tabs.Lines.Count > 0) ComplainOfTabs("A tab indents this line; YAML takes blanks only.", isError: true, []);
            Complain(new ScalarNode(problem.At, "", true), $"This is not YAML: {problem.Message.TrimEnd('.')}. Look at the indentation and the colons here and just above. The file is not used.", isError: true);
            return Nothing();
        }
        if (root is null or ScalarNode { IsNull: true }) return Nothing();
        if (root is not MapNode map)
        {
            Complain(root, "The file of a check has the keys init_config and instances; this is something else, and not used.", isError: true, ["init_config:", "instances:", "  - {}"]);
            return Nothing();
        }
        foreach (var entry in map.Entries) LookAtKey(map, entry);
        if (map.Find("ad_identifiers") is not null) return Nothing() with { IsTemplate = true };
        var read = ReadMap(map);
        if (_tabs.Lines.Count > 0)
            ComplainOfTabs($"A tab indents this line; YAML takes blanks only. It is read as blanks up to the next multiple of {IndentTabs.TabStop}.", isError: false, WholeFile(map, read.Mended));
        return new CheckFile(_checkName, _file, YamlValues.OfMap(map.Find("init_config")), read.Instances, InOrder());
    }

    (List<InstanceConfig> Instances, List<SettingsNode> Mended) ReadMap(MapNode map)
    {
        var mended = new List<SettingsNode>();
        var instances = new List<InstanceConfig>();
        var init = map.Find("init_config");
        if (init is not (null or MapNode or ScalarNode { IsNull: true })) Complain(init, "\"init_config\" is a group of keys, or nothing; this is passed over.", isError: false, ["init_config:"]);
        var written = ItemsOf(map);
        foreach (var item in written.Take(MaxInstances))
        {
            if (item is not (MapNode or ScalarNode { IsNull: true }))
            {
                Complain(item, "An instance is a group of keys; this is not, and it is not run.", isError: true, ["instances:", "  - {}"], $"yaml: unmarshal errors:\n  line {item.At.Line}: cannot unmarshal !!{Kind(item)} into integration.RawMap");
                continue;
            }
            var instance = item as MapNode ?? new MapNode(item.At, []);
            var read = ReadInstance(instance, init, out var mendedInstance);
            mended.Add(mendedInstance);
            if (instances.Any(other => other.Id == read.Id)) Complain(item, "This instance says the same as one above; they are run as one.", isError: false);
            else instances.Add(read);
        }
        if (written.Count > MaxInstances) Complain(written[MaxInstances], $"The file has more than {MaxInstances} instances; those from here on are not run.", isError: true);
        if (map.Find("instances") is MapNode asMap)
            Complain(asMap, "\"instances\" is a group of keys here, where a list should stand; it is taken as one instance.", isError: false, YamlText.Entry("instances", new ListNode(asMap.At, mended)), $"yaml: unmarshal errors:\n  line {asMap.At.Line}: cannot unmarshal !!map into []integration.RawMap");
        LookForSplitInstance(mended, instances);
        LookForIntervalOfAll(init);
        return (instances, mended);
    }

    /// <summary>What stands under <c>instances</c>, as a list whatever it is.</summary>
    IReadOnlyList<SettingsNode> ItemsOf(MapNode map)
    {
        var entry = map.Entries.LastOrDefault(entry => entry.Key == "instances");
        switch (entry?.Value)
        {
            case ListNode { Items.Count: > 0 } list:
                return list.Items;
            case MapNode one:
                return [one];
            case null or ListNode or ScalarNode { IsNull: true }:
                var at = entry is null ? map.At : entry.KeyAt;
                if (map.Find("logs") is null || entry is not null) // A file may only say which logs to read.
                    Complain(new ScalarNode(at, entry is null ? "" : "instances", true), $"There is no instance here, so that {_checkName} is never run. An instance without settings is written {{}}.", isError: true, ["instances:", "  - {}"], "Configuration file contains no valid instances");
                return [];
            case var other:
                Complain(other, $"\"instances\" is a list, with a dash before each instance; this is not, and {_checkName} is not run.", isError: true, ["instances:", "  - {}"], $"yaml: unmarshal errors:\n  line {other.At.Line}: cannot unmarshal !!str `{((ScalarNode)other).Text}` into []integration.RawMap");
                return [];
        }
    }

    InstanceConfig ReadInstance(MapNode instance, SettingsNode? init, out MapNode mended)
    {
        var entries = new List<MapEntry>();
        IReadOnlyList<string> tags = [];
        foreach (var entry in instance.Entries)
        {
            var value = entry.Value;
            if (entry.Key == "tags") value = MendTags(entry, out tags);
            entries.Add(entry with { Value = value });
        }
        mended = new MapNode(instance.At, entries);
        var values = YamlValues.OfMap(mended);
        var service = values.GetValueOrDefault("service") as string ?? YamlValues.OfMap(init).GetValueOrDefault("service") as string;
        return new InstanceConfig($"{_checkName}:{IdOf(init, mended)}", values, IntervalOf(instance), _tabs.AsWritten(instance.At).Line)
        {
            Tags = string.IsNullOrEmpty(service) ? tags : [.. tags, $"service:{service}"],
            Namespace = values.GetValueOrDefault("namespace") as string ?? "",
            HasNoHost = values.GetValueOrDefault("empty_default_hostname") is true,
        };
    }

    ListNode MendTags(MapEntry entry, out IReadOnlyList<string> tags)
    {
        if (TagList.Read(entry.Key, entry.Value, takesText: false) is not { } read)
        {
            Complain(entry.Value, "\"tags\" is a list of texts such as team:shop; this is not, and the instance has no tags.", isError: false, ["tags:", "  - team:shop"]);
            tags = [];
            return new ListNode(entry.Value.At, []);
        }
        tags = read.Tags;
        if (read.Culprit is { } culprit) Complain(culprit, read.Sentence, isError: false, YamlText.List(entry.Key, tags), read.Original);
        return new ListNode(entry.Value.At, [.. tags.Select(tag => new ScalarNode(entry.Value.At, tag, IsPlain: true))]);
    }

    int IntervalOf(MapNode instance)
    {
        if (instance.Find(IntervalKey) is not { } node || node is ScalarNode { IsNull: true }) return InstanceConfig.DefaultIntervalSeconds;
        var text = (node as ScalarNode)?.Text ?? "";
        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds);
        if (!isNumber)
        {
            Complain(node, $"\"{IntervalKey}\" is a number of seconds; this is not, and the instance runs every {InstanceConfig.DefaultIntervalSeconds} s.", isError: false, [$"{IntervalKey}: 45"]);
            return InstanceConfig.DefaultIntervalSeconds;
        }
        if (seconds < 1)
        {
            Complain(node, $"\"{IntervalKey}\" is a whole number of seconds from 1 on; {text} counts as none, and the instance runs every {InstanceConfig.DefaultIntervalSeconds} s.", isError: false, [$"{IntervalKey}: {InstanceConfig.DefaultIntervalSeconds}"]);
            return InstanceConfig.DefaultIntervalSeconds;
        }
        var whole = (int)Math.Min(seconds, MaxIntervalSeconds);
        if (node is ScalarNode { IsPlain: false })
            Complain(node, $"In quotes this is a text; it is read as {whole} seconds.", isError: false, [$"{IntervalKey}: {whole}"], $"yaml: unmarshal errors:\n  line {node.At.Line}: cannot unmarshal !!str `{text}` into int");
        return whole;
    }

    /// <summary>
    /// Three dashes for one instance: the walkthrough's mistake. Said when the instances have no key in common and one of them has nothing
    /// but an interval; they are run as they are written (metrics-monitors §9.5).
    /// </summary>
    void LookForSplitInstance(List<SettingsNode> mended, List<InstanceConfig> instances)
    {
        var maps = mended.OfType<MapNode>().ToList();
        var keys = maps.SelectMany(map => map.Entries.Select(entry => entry.Key)).ToList();
        if (maps.Count < 2 || maps.Any(map => map.Entries.Count == 0) || keys.Distinct().Count() < keys.Count || !maps.Any(map => map.Entries is [{ Key: IntervalKey }])) return;
        var others = string.Concat(instances.GroupBy(instance => instance.IntervalSeconds).OrderBy(group => group.Key).Select((group, at) => at == 0 ? $"{group.Count()} run every {group.Key} s" : $", {group.Count()} every {group.Key} s"));
        var merged = new MapNode(maps[0].At, [.. maps.SelectMany(map => map.Entries).Where(entry => entry.Value is not ScalarNode { Text: ['<', .., '>'] })]); // <…> is what a guide leaves to be filled in.
        Complain(maps[1], $"{instances.Count} instances of {_checkName}: {others}. Each dash begins an instance of its own; one instance has one dash.", isError: false, YamlText.Entry("instances", new ListNode(maps[0].At, [merged])));
    }

    void LookForIntervalOfAll(SettingsNode? init)
    {
        if (init is MapNode map && map.Entries.FirstOrDefault(entry => entry.Key == IntervalKey) is { } entry)
            Complain(new ScalarNode(entry.KeyAt, IntervalKey, true), $"\"{IntervalKey}\" has no effect under init_config; it belongs in each instance.", isError: false, ["instances:", $"  - {IntervalKey}: {(entry.Value as ScalarNode)?.Text}"]);
    }

    void LookAtKey(MapNode map, MapEntry entry)
    {
        var key = new ScalarNode(entry.KeyAt, entry.Key, true);
        if (map.Entries.First(other => other.Key == entry.Key) is var first && !ReferenceEquals(first, entry))
            Complain(key, $"\"{entry.Key}\" stands here a second time; the first is in line {first.KeyAt.Line}, and this one counts. Keep one of them.", isError: false);
        else if (!KnownKeys.Contains(entry.Key) && NearestWord.Find(entry.Key, KnownKeys) is { } near)
            Complain(key, $"\"{entry.Key}\" means nothing here. Did you mean \"{near}\"?", isError: false, [$"{near}:"]);
        else if (!KnownKeys.Contains(entry.Key))
            Complain(key, $"\"{entry.Key}\" means nothing at the left margin; what belongs to an instance is indented below its dash.", isError: false, ["instances:", .. YamlText.Entry(entry.Key, entry.Value).Select((line, at) => at == 0 ? $"  - {line}" : $"    {line}")]);
    }

    void ComplainOfTabs(string sentence, bool isError, IReadOnlyList<string> corrected)
    {
        var line = _tabs.Lines[0];
        var more = _tabs.Lines.Count > 1 ? $" So do those in {Numbers(_tabs.Lines.Skip(1).ToList())}." : "";
        var where = line == 1 ? "" : $"line {line}: "; // As that agent's reader has it.
        _complaints.Add(new ConfigComplaint(_file, line, _tabs.TabColumn(line), sentence + more)
        {
            Kind = ConfigFaultKind.Tab, IsError = isError, Written = _lines[line - 1], Corrected = corrected, Original = $"yaml: {where}found character that cannot start any token",
        });
    }

    static string Numbers(List<int> lines) => lines.Count == 1 ? $"line {lines[0]}" : lines.Count <= 10 ? $"lines {string.Join(", ", lines.SkipLast(1))} and {lines[^1]}" : $"{lines.Count} further lines";

    static List<string> WholeFile(MapNode map, List<SettingsNode> mended)
    {
        var lines = new List<string>();
        foreach (var entry in map.Entries) lines.AddRange(YamlText.Entry(entry.Key, entry.Key == "instances" ? new ListNode(entry.Value.At, mended) : entry.Value));
        return lines.Count <= YamlText.MaxLines ? lines : [.. lines.Take(YamlText.MaxLines), "…"];
    }

    void Complain(SettingsNode at, string sentence, bool isError, IReadOnlyList<string>? corrected = null, string original = "")
    {
        var place = _tabs.AsWritten(at.At);
        var written = place.Line <= _lines.Length ? _lines[place.Line - 1] : "";
        var width = at is ScalarNode { Text: var text } && at is ScalarNode { IsPlain: true } ? text.Split('\n')[0].Length : 1;
        _complaints.Add(new ConfigComplaint(_file, place.Line, place.Column, sentence)
        {
            IsError = isError, Written = written, Width = Math.Max(1, Math.Min(width, written.Length - place.Column + 1)), Corrected = corrected ?? [], Original = original,
        });
    }

    CheckFile Nothing() => new(_checkName, _file, YamlValues.OfMap(null), [], InOrder());

    List<ConfigComplaint> InOrder() => [.. _complaints.OrderBy(complaint => complaint.Line).ThenBy(complaint => complaint.Column)];

    static string Kind(SettingsNode node) => node switch
    {
        ListNode => "seq",
        MapNode => "map",
        _ => "str",
    };

    /// <summary>FNV-1a over what the instance and its <c>init_config</c> say, whatever the order of lines in between was.</summary>
    static string IdOf(SettingsNode? init, MapNode instance)
    {
        var hash = 14_695_981_039_346_656_037UL;
        var text = $"{JsonSerializer.Serialize(YamlValues.OfMap(init), Json)}\n{JsonSerializer.Serialize(YamlValues.OfMap(instance), Json)}";
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 1_099_511_628_211UL);
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
}
